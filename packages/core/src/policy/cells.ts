import { type Action, actions, handlingActions } from "./actions.js"
import { type Condition, partsOf } from "./condition.js"
import { durationSeconds } from "./duration.js"
import type { ColumnSet, Permission, Policy, Rule } from "./policy.js"
import type { Cell, CellValue, PolicyDocument } from "./schema.js"

export interface Known {
  readonly tables: Policy["tables"]
  readonly purposes: ReadonlySet<string>
  readonly conditions: Policy["conditions"]
  readonly qualify: (name: string) => string
  readonly faults: string[]
}

/** A condition by its name; a name that only objects have, such as `constructor`, is unknown. */
export function conditionNamed({ conditions }: Pick<Policy, "conditions">, name: string): Condition | undefined {
  return Object.hasOwn(conditions, name) ? conditions[name] : undefined
}

/** Adds one actor's cells, so that a later call with the same table wins. */
export function addCells(
  can: Map<string, Permission>,
  cells: Readonly<Record<string, Cell>>,
  where: string,
  known: Known,
): void {
  for (const [name, cell] of Object.entries(cells)) {
    const table = known.qualify(name)
    const rule = known.tables.get(table)
    const at = `${where}.can.${name}`
    if (rule === undefined) known.faults.push(`${at}: not under tables`)
    else if (rule.scope === "unmanaged")
      known.faults.push(`${at}: the table is unmanaged; Wardkeep grants nothing on it`)
    can.set(table, permission(cell, at, known))
  }
}

/** What can only be said about an actor once inheritance is resolved. */
export function checkCells(
  can: ReadonlyMap<string, Permission>,
  purposes: readonly string[],
  where: string,
  known: Known,
): void {
  for (const [table, { rules }] of can) {
    for (const action of actions) {
      const rule = rules[action]
      if (rule === undefined) continue
      const at = `${where}.can.${table}.${action}`
      const usable = rule.purposes?.some((purpose) => purposes.includes(purpose)) ?? true
      if (!usable) known.faults.push(`${at}.purposes: ${where} has none of them, so nobody could use the cell`)
      for (const name of new Set([rule.when, rule.after])) {
        const condition = name === null ? undefined : conditionNamed(known, name)
        if (condition !== undefined) checkCondition(condition, table, can, at, known)
      }
    }
    checkHandling(rules, `${where}.can.${table}`, known.faults)
  }
}

/** Downloading or printing what one may not read is a contradiction, and the database would refuse it. */
function checkHandling(rules: Permission["rules"], at: string, faults: string[]): void {
  const readable = rules.read?.columns
  for (const action of handlingActions) {
    const columns = rules[action]?.columns
    if (columns === undefined) continue
    if (readable === undefined) faults.push(`${at}.${action}: needs read, which this cell does not give`)
    else if (readable !== "all" && columns !== "all") {
      const beyond = columns.filter((column) => !readable.includes(column))
      if (beyond.length > 0) faults.push(`${at}.${action}: ${beyond.join(", ")} may not be read`)
    }
  }
}

function checkCondition(
  condition: Condition,
  table: string,
  can: ReadonlyMap<string, Permission>,
  at: string,
  known: Known,
): void {
  const { tables, faults } = known
  for (const part of partsOf(condition)) {
    const needsSubject = "ownSubject" in part || "assigned" in part
    if (needsSubject && tables.get(table)?.subject === undefined)
      faults.push(`${at}: the condition asks whom a row is about; name the subject of ${table}`)
    if (!("assigned" in part)) continue
    const { table: assignments, actor, subject, from, until } = part.assigned
    const cell = can.get(assignments)
    const needed = [actor, subject, from, until].filter((column) => column !== undefined)
    // The policy's sub-select runs with the rights of the role, and an assignment that asks for one would be a circle.
    if (!readsAlways(cell?.rules.read, needed, known))
      faults.push(
        `${at}: the role must read ${needed.join(", ")} of ${assignments}, for every purpose and not by assignment`,
      )
    if (cell !== undefined && (["create", "update", "delete"] as const).some((write) => cell.rules[write]))
      faults.push(`${at}: the role may write ${assignments}, so it could assign itself`)
  }
}

function readsAlways(rule: Rule | undefined, needed: readonly string[], known: Known): boolean {
  if (rule === undefined || rule.purposes !== null || rule.mfaSeconds !== null) return false
  const when = rule.when === null ? undefined : conditionNamed(known, rule.when)
  const asksAgain = when !== undefined && [...partsOf(when)].some((part) => "assigned" in part)
  return !asksAgain && covers(rule.columns, needed)
}

function covers(columns: ColumnSet, needed: readonly string[]): boolean {
  return columns === "all" || needed.every((column) => columns.includes(column))
}

function permission(cell: Cell, at: string, known: Known): Permission {
  if (cell === "read") return { rules: { read: plain("all") } }
  if (cell === "manage") {
    const all = plain("all")
    return { rules: { create: all, read: all, update: all, delete: all } }
  }
  const rules: Partial<Record<Action, Rule>> = {}
  for (const action of actions) {
    const rule = ruleOf(cell[action], action, `${at}.${action}`, known)
    if (rule !== undefined) rules[action] = rule
  }
  return { rules }
}

/** The permission with some actions replaced; false takes one away. */
export function changedPermission(
  before: Permission | undefined,
  values: ReadonlyMap<Action, CellValue>,
  at: string,
  known: Known,
): Permission {
  const rules: Partial<Record<Action, Rule>> = {}
  for (const action of actions) {
    const value = values.get(action)
    const rule = value === undefined ? before?.rules[action] : ruleOf(value, action, `${at}.${action}`, known)
    if (rule !== undefined) rules[action] = rule
  }
  return { rules }
}

/** Whether a rule depends on a condition, a purpose or a second factor of its own. */
export function isTied(rule: Rule): boolean {
  return rule.when !== null || rule.after !== null || rule.purposes !== null || rule.mfaSeconds !== null
}

function plain(columns: ColumnSet): Rule {
  return { columns, when: null, after: null, purposes: null, mfaSeconds: null }
}

function ruleOf(value: CellValue | undefined, action: Action, at: string, known: Known): Rule | undefined {
  if (value === undefined || value === false) return undefined
  if (value === true) return plain("all")
  if (isList(value)) return plain(value)
  if (action === "delete" && value.columns !== undefined) known.faults.push(`${at}.columns: whole rows are deleted`)
  const { when = null, columns, purposes = null, mfa } = value
  for (const [part, name] of [
    ["when", value.when],
    ["after", value.after],
  ] as const) {
    if (name !== undefined && conditionNamed(known, name) === undefined)
      known.faults.push(`${at}.${part}: ${name} is not under conditions`)
  }
  for (const purpose of purposes ?? []) {
    if (!known.purposes.has(purpose)) known.faults.push(`${at}.purposes: ${purpose} is not under purposes`)
  }
  if (value.after !== undefined && action !== "update") known.faults.push(`${at}.after: only an update has an after`)
  return {
    columns: columns ?? "all",
    when,
    // As PostgreSQL does: without a condition of its own, the changed row must satisfy the one of the old row.
    after: action === "update" ? (value.after ?? when) : null,
    purposes,
    mfaSeconds: mfa === undefined ? null : durationSeconds(mfa),
  }
}

function isList(value: CellValue): value is string[] {
  return Array.isArray(value)
}

/** The conditions with qualified assignment tables. */
export function qualifiedConditions(
  doc: PolicyDocument,
  known: Omit<Known, "conditions" | "purposes">,
): Record<string, Condition> {
  const entries = Object.entries(doc.conditions).map(([name, condition]): [string, Condition] => {
    for (const part of partsOf(condition)) {
      if (!("assigned" in part)) continue
      const table = known.qualify(part.assigned.table)
      const scope = known.tables.get(table)?.scope
      if (scope === undefined) known.faults.push(`conditions.${name}: ${part.assigned.table} is not under tables`)
      else if (scope === "unmanaged") known.faults.push(`conditions.${name}: ${part.assigned.table} is unmanaged`)
    }
    return [name, qualified(condition, known.qualify)]
  })
  return Object.fromEntries(entries)
}

function qualified(condition: Condition, qualify: Known["qualify"]): Condition {
  if ("all" in condition) return { all: condition.all.map((part) => qualified(part, qualify)) }
  if ("any" in condition) return { any: condition.any.map((part) => qualified(part, qualify)) }
  if (!("assigned" in condition)) return condition
  return { assigned: { ...condition.assigned, table: qualify(condition.assigned.table) } }
}
