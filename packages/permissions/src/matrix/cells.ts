import {
  type Action,
  actions,
  type ColumnSet,
  handlingActions,
  isTied,
  type Permission,
  type Policy,
} from "@wardkeep/core"
import type { ColumnTypes } from "../sql/column-types.js"

/** An action as it is in force: what is handled must be readable too. */
export interface Effective {
  readonly columns: ColumnSet
  /** Tied to a condition, a purpose or a second factor. */
  readonly guarded: boolean
}

/** What a cell gives for an action, or null for nothing. */
export function effective({ rules }: Permission, action: Action): Effective | null {
  const rule = rules[action]
  if (rule === undefined) return null
  const guarded = isTied(rule)
  if (!isHandling(action)) return { columns: rule.columns, guarded }
  const read = effective({ rules }, "read")
  if (read === null) return null
  return { columns: intersection(rule.columns, read.columns), guarded: guarded || read.guarded }
}

export function isHandling(action: Action): boolean {
  return handlingActions.some((handling) => handling === action)
}

function intersection(a: ColumnSet, b: ColumnSet): ColumnSet {
  if (a === "all") return b
  return b === "all" ? a : a.filter((column) => b.includes(column))
}

/** The columns of each table: all of them when the catalog was given, else those that the policy file names. */
export function columnsOf(policy: Policy, columnTypes: ColumnTypes | undefined): Map<string, readonly string[]> {
  const columns = new Map<string, readonly string[]>()
  for (const table of policy.tables.keys()) {
    const catalog = columnTypes?.get(table)
    columns.set(table, catalog === undefined ? namedColumns(policy, table) : [...catalog.keys()])
  }
  return columns
}

function namedColumns(policy: Policy, table: string): string[] {
  const rule = policy.tables.get(table)
  const named = new Set<string>(rule?.subject === undefined ? [] : [rule.subject])
  for (const group of Object.values(rule?.columns ?? {})) for (const column of group) named.add(column)
  for (const { can } of policy.actors) {
    const rules = can.get(table)?.rules ?? {}
    for (const action of actions) {
      const columns = rules[action]?.columns ?? "all"
      if (columns !== "all") for (const column of columns) named.add(column)
    }
  }
  return [...named].sort()
}
