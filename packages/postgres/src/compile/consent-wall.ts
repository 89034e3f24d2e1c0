import { type Actor, type Policy, quoteIdent, quoteLiteral, WardkeepError, wallOf } from "@wardkeep/core"
import { databaseRole } from "./actors.js"
import type { Extension } from "./extension.js"
import { policyObject } from "./policy-object.js"
import type { ScopedTable } from "./scope.js"
import { type Managed, qualified, type Step } from "./step.js"

/** On every row about a person: which purposes reach it, and until when those that wait for a yes do. */
export const wallColumns = {
  wk_consent: { type: "bigint", initial: "1" },
  wk_consent_until: { type: "timestamp with time zone", initial: "'infinity'" },
} as const

/** The entry as it is once the plan has added the columns. */
export function withWallColumns(policy: Policy, entry: ScopedTable): ScopedTable {
  if (!isWalled(policy, entry)) return entry
  const missing = Object.entries(wallColumns).filter(([column]) => !entry.table.columns.has(column))
  const columns = new Map(entry.table.columns)
  for (const [name, { type, initial }] of missing)
    columns.set(name, { name, type, notNull: true, default: initial, identity: false, generated: false, exact: true })
  const added = [...entry.added, ...missing.map(([column]) => column)]
  return { ...entry, table: { ...entry.table, columns }, added }
}

/**
 * Without the ledger's triggers whoever inserts a row would write its bits.
 *
 * @throws WK002 the policy file has a ledger, and nobody brings it
 */
export function requireLedger(policy: Policy, extensions: readonly Extension[]): void {
  if (policy.consent === null || extensions.some(({ migrations }) => migrations.schema === "wardkeep_consent")) return
  throw new WardkeepError("WK002", {
    message: "the policy file has a consent ledger, and the database has none",
    hint: "Run `wardkeep migrate --consent` as the administrator first; in code, pass `extensions: [consent]` of @wardkeep/consent.",
  })
}

/** Whether the rows of a table carry what their person decided. */
export function isWalled(policy: Policy, { rule, level, table }: ScopedTable): boolean {
  if (policy.consent === null || rule.subject === undefined) return false
  return level === policy.tables.get(policy.consent.subjects)?.scope && table.partitionOf === null
}

/**
 * Whether the rows of a table say nothing about whom they are of, and belong to rows that do: notes of a visit. They carry no
 * bits, and go with their parent where an erasure was decided.
 */
export function restrictedThrough(policy: Policy, name: string): boolean {
  const rule = policy.tables.get(name)
  if (policy.consent === null || rule?.subject !== undefined || typeof rule?.scope !== "object") return false
  if (!("through" in rule.scope)) return false
  const parent = policy.tables.get(rule.scope.through)
  if (parent?.subject === undefined) return restrictedThrough(policy, rule.scope.through)
  return parent.scope === policy.tables.get(policy.consent.subjects)?.scope
}

/** For copies of a table's rows, such as its words: not of whom an erasure was decided. */
export function shownRows({ table }: ScopedTable, row: string): string {
  return table.columns.has("wk_consent") ? ` and ${row}.wk_consent <> 0` : ""
}

/**
 * The wall as a condition for functions that run as the owner, to whom no policy of a role applies: `row` is the alias of the
 * table's row, `purpose` an expression for the purpose of the verified context.
 */
export function wallForOwner(policy: Policy, entry: ScopedTable, row: string, purpose: string): string {
  if (isWalled(policy, entry)) {
    const bit = `(select 1::bigint << p.bit from wardkeep.policy_purpose p where p.name = ${purpose} and p.in_force)`
    return wallTerm(`${row}.`, bit)
  }
  if (entry.table.partitionOf === null && restrictedThrough(policy, entry.table.name)) return belongsToShown(entry)
  return "true"
}

/** Whether what a role sees of a walled table depends on the purpose of its context. */
export function waits(policy: Policy, actor: Actor): boolean {
  return actor.purposes.some((purpose) => wallOf(policy.purposes.get(purpose)) !== null)
}

/** New columns reach nobody's consent: the ledger fills them afterwards, in the same transaction. */
export function wallColumnSteps(policy: Policy, entry: ScopedTable): Step[] {
  if (!isWalled(policy, entry)) return []
  const missing = Object.entries(wallColumns).filter(([column]) => entry.added.includes(column))
  if (missing.length === 0) return []
  const add = missing.map(([column, { type, initial }]) => `add column ${column} ${type} not null default ${initial}`)
  return [
    {
      phase: "structure",
      object: entry.table.name,
      why: "each row says which purposes its person lets reach it",
      sql: `alter table ${qualified(entry.table.name)} ${add.join(", ")}`,
    },
  ]
}

/**
 * The wall: one look-up per statement, and two comparisons per row. After `wk_consent_until` only bits that no time ends
 * count. Roles without such a purpose compare one column with a constant: of whom an erasure was decided no bit is set.
 */
export function consentWall(policy: Policy, entry: ScopedTable): Managed[] {
  if (entry.table.partitionOf === null && restrictedThrough(policy, entry.table.name))
    return restriction(entry, rolesOn(policy, entry), belongsToShown(entry))
  if (!isWalled(policy, entry)) return []
  const of = (waiting: boolean): string[] => rolesOn(policy, entry, (actor) => waits(policy, actor) === waiting)
  return [...wall(entry, of(true)), ...restriction(entry, of(false), "wk_consent <> 0")]
}

function rolesOn(policy: Policy, { table }: ScopedTable, holds: (actor: Actor) => boolean = () => true): string[] {
  return policy.actors
    .filter((actor) => actor.can.has(table.name) && holds(actor))
    .map((actor) => quoteIdent(databaseRole(policy, actor)))
}

/** One look-up per statement; without anybody restricted, no row is compared. */
function belongsToShown({ table, tenant, branch, through }: ScopedTable): string {
  const text = (column: string | undefined): string => (column === undefined ? "''" : `${quoteIdent(column)}::text`)
  const parts = [tenant?.column, branch?.column, through?.by].map((column) => `coalesce(${text(column)}, '')`)
  const hash = `sha256(convert_to(${parts.join(" || ' ' || ")}, 'UTF8'))`
  return `${hash} not in (select r from wardkeep_consent.restricted_parents(${quoteLiteral(table.name)}) r)`
}

/** The bits of the purpose first: most rows need no more than them and the time. A mask that is null lets nothing through. */
function wallTerm(row: string, mask: string): string {
  const lasting = `(${row}wk_consent & 4294967295 & ${mask}) <> 0`
  return `(${row}wk_consent & ${mask}) <> 0 and (${row}wk_consent_until > statement_timestamp() or ${lasting})`
}

function wall(entry: ScopedTable, roles: readonly string[]): Managed[] {
  if (roles.length === 0) return []
  const term = wallTerm("", "(select wardkeep.consent_mask(wardkeep.planned_as()))")
  const body = `as restrictive for all to ${roles.join(", ")}\n  using (${term})\n  with check (${term})`
  return [
    policyObject(
      entry.table.name,
      "wk_consent",
      "narrow",
      "a purpose reaches only whom the person lets it reach",
      body,
    ),
  ]
}

function restriction(entry: ScopedTable, roles: readonly string[], term: string): Managed[] {
  if (roles.length === 0) return []
  const body = `as restrictive for all to ${roles.join(", ")}\n  using (${term})\n  with check (${term})`
  const why = "no purpose reaches a person whose erasure was decided"
  return [policyObject(entry.table.name, "wk_restricted", "narrow", why, body)]
}
