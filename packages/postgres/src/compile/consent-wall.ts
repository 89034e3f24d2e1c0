import { type Actor, type Policy, quoteIdent, WardkeepError, wallOf } from "@wardkeep/core"
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
  if (!isWalled(policy, entry)) return []
  const of = (waiting: boolean): string[] =>
    policy.actors
      .filter((actor) => actor.can.has(entry.table.name) && waits(policy, actor) === waiting)
      .map((actor) => quoteIdent(databaseRole(policy, actor)))
  return [...wall(entry, of(true)), ...restriction(entry, of(false))]
}

function wall(entry: ScopedTable, roles: readonly string[]): Managed[] {
  if (roles.length === 0) return []
  const lasting = "case when wk_consent_until > statement_timestamp() then -1 else 4294967295 end"
  const term = `(wk_consent & ${lasting} & (select wardkeep.consent_mask(wardkeep.planned_as()))) <> 0`
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

function restriction(entry: ScopedTable, roles: readonly string[]): Managed[] {
  if (roles.length === 0) return []
  const body = `as restrictive for all to ${roles.join(", ")}\n  using (wk_consent <> 0)\n  with check (wk_consent <> 0)`
  const why = "no purpose reaches a person whose erasure was decided"
  return [policyObject(entry.table.name, "wk_restricted", "narrow", why, body)]
}
