import type { Action, Policy } from "@wardkeep/core"
import type { Context, Row } from "../condition/context.js"
import { columnValue, keyText } from "../condition/values.js"
import type { Matrix } from "../matrix/matrix.js"
import type { Layer } from "./question.js"

/**
 * Whether a row lies in the context, as far as it says so itself. The database decides; this is for a friendly message.
 * Links of a shared identity are known to the database alone, so there only the tenant is asked.
 */
export function fence(matrix: Matrix, context: Context, table: string, action: Action, row: Row): Layer {
  const { policy } = matrix
  const level = levelOf(policy, table)
  const text = level === "global" ? "reference data" : `the row lies in the context's ${level}`
  const holds =
    level === "global" ||
    (inTenant(matrix, context, table, action, row) && inBranch(policy, context, level, action, row))
  return { layer: "fence", rule: null, holds, text, reason: holds ? null : "other-scope" }
}

type Level = "global" | "tenant" | "branch"

function levelOf(policy: Policy, table: string): Level {
  const scope = policy.tables.get(table)?.scope
  if (scope === "global" || scope === "branch") return scope
  if (typeof scope === "object" && "through" in scope) return levelOf(policy, scope.through)
  return "tenant"
}

function inTenant({ policy, tenantKey }: Matrix, context: Context, table: string, action: Action, row: Row): boolean {
  const column = table === policy.tenancy.tenant ? tenantKey : policy.tenancy.columns.tenant
  const value = columnValue(row, column)
  // The column defaults from the context.
  if (value === undefined && action === "create") return context.tenant !== undefined
  return context.tenant !== undefined && keyText(value) === context.tenant
}

function inBranch(policy: Policy, context: Context, level: Level, action: Action, row: Row): boolean {
  if (level !== "branch") return true
  const value = columnValue(row, policy.tenancy.columns.branch)
  if (value === undefined && action === "create") return context.branches.length === 1
  const branch = keyText(value)
  return branch !== null && context.branches.includes(branch)
}
