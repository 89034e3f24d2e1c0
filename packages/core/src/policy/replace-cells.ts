import { type Action, actions } from "./actions.js"
import { changedPermission, checkCells, type Known } from "./cells.js"
import { describeIssue, invalid } from "./faults.js"
import type { Actor, Permission, Policy } from "./policy.js"
import { type CellValue, cellValueSchema } from "./schema.js"

/** Role → table → action → what the policy file would say there. */
export type CellReplacements = Readonly<Record<string, Readonly<Record<string, { readonly [A in Action]?: unknown }>>>>

/**
 * A policy with single cells of roles replaced and checked as {@link parsePolicy} does. The given policy is untouched.
 *
 * @throws WK001 with one line per fault
 * @example replaceCells(policy, { reception: { "public.invoice": { delete: false } } })
 */
export function replaceCells(policy: Policy, cells: CellReplacements): Policy {
  const faults: string[] = []
  const known: Known = {
    tables: policy.tables,
    purposes: new Set(policy.purposes.keys()),
    conditions: policy.conditions,
    qualify: (name) => name,
    faults,
  }
  const roles = new Set(policy.actors.filter(({ kind }) => kind === "role").map(({ name }) => name))
  for (const role of Object.keys(cells)) if (!roles.has(role)) faults.push(`roles.${role}: no such role`)
  const changed = policy.actors.map((actor) =>
    actor.kind === "role" && Object.hasOwn(cells, actor.name)
      ? withCells(actor, cells[actor.name] ?? {}, known)
      : actor,
  )
  if (faults.length > 0) throw invalid(faults)
  return { ...policy, actors: changed }
}

function withCells(actor: Actor, tables: CellReplacements[string], known: Known): Actor {
  const can = new Map<string, Permission>(actor.can)
  const where = `roles.${actor.name}`
  for (const [table, values] of Object.entries(tables)) {
    const scope = known.tables.get(table)?.scope
    const before = can.get(table)
    const after = changedPermission(
      before,
      read(values, `${where}.can.${table}`, known.faults),
      `${where}.can.${table}`,
      known,
    )
    const isEmpty = Object.keys(after.rules).length === 0
    if (scope === undefined) known.faults.push(`${where}.can.${table}: not under tables`)
    else if (scope === "unmanaged" && !isEmpty) known.faults.push(`${where}.can.${table}: the table is unmanaged`)
    if (before !== undefined || !isEmpty) can.set(table, after)
  }
  checkCells(can, actor.purposes, where, known)
  return { ...actor, can }
}

function read(values: { readonly [A in Action]?: unknown }, at: string, faults: string[]): Map<Action, CellValue> {
  const parsed = new Map<Action, CellValue>()
  for (const action of actions) {
    if (!Object.hasOwn(values, action)) continue
    const result = cellValueSchema.safeParse(values[action])
    if (result.success) parsed.set(action, result.data)
    else
      faults.push(
        ...result.error.issues.map((issue) => `${at}.${describeIssue({ ...issue, path: [action, ...issue.path] })}`),
      )
  }
  return parsed
}
