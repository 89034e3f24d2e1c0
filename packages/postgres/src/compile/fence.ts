import { type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type { ColumnTypes } from "@wardkeep/permissions"
import { policyObject } from "./policy-object.js"
import { hasTiedRule, rulePolicies } from "./rule-policies.js"
import { type ScopedTable, tablesOf } from "./scope.js"
import { type Managed, qualified, type Step } from "./step.js"
import { ownKey } from "./through.js"

/** What each table must have: ENABLE, FORCE, one restrictive fence for everybody, and permissions per command. */
export function fence(policy: Policy, entry: ScopedTable, types: ColumnTypes): Managed[] {
  if (entry.level === "global") return hasTiedRule(policy, entry.table.name) ? rulePolicies(policy, entry, types) : []
  const { owner } = roleNames(policy)
  return [restrictive(entry), ownerPermission(entry, owner), ...rulePolicies(policy, entry, types)]
}

/** ENABLE and FORCE are flags of the table, not objects. */
export function forceSteps(entry: ScopedTable): Step[] {
  if (entry.level === "global" || (entry.table.rls && entry.table.forced)) return []
  return [
    {
      phase: "narrow",
      object: entry.table.name,
      why: "row-level security holds for everybody, the owner too",
      sql: `alter table ${qualified(entry.table.name)} enable row level security, force row level security`,
    },
  ]
}

/**
 * Tenant and branches, both verified, each in a sub-select: evaluated once per statement, not per row. The tenant leads
 * indexes and raises before a row is met. The branch raises only where an index could ask it alone; elsewhere it answers
 * null behind the tenant, because a term that fails only when it meets a row tells that a row is there (docs/adr/0006).
 */
function fenceTerms(entry: ScopedTable): { using: string; check: string } {
  const tenant = `${quoteIdent(entry.tenant?.column ?? "")} = (select wardkeep.tenant(wardkeep.planned_as())::${entry.tenant?.type ?? "text"})`
  if (entry.branch !== null) {
    const { column, type } = entry.branch
    const within = (call: string): string =>
      `${quoteIdent(column)} = any ((select wardkeep.${call}(wardkeep.planned_as())::${type}[])::${type}[])`
    const using = within(askedAlone(entry, column) ? "branches" : "held_branches")
    return { using: `${tenant} and ${using}`, check: `${tenant} and ${within("branches")}` }
  }
  if (entry.link !== null) {
    const linked = `exists (select from ${qualified(entry.link.table)} l where l.${quoteIdent(entry.link.by)} = ${quoteIdent(entry.table.table)}.${quoteIdent(ownKey(entry))})`
    return { using: `${tenant} and ${linked}`, check: tenant }
  }
  return { using: tenant, check: tenant }
}

/** An index that holds the column and not the tenant: with null for the column its scan would end in silence. */
export function askedAlone(entry: ScopedTable, column: string): boolean {
  return tablesOf(entry)
    .flatMap(({ indexes }) => indexes)
    .some((columns) => columns.includes(column) && !columns.includes(entry.tenant?.column ?? ""))
}

function restrictive(entry: ScopedTable): Managed {
  const { using, check } = fenceTerms(entry)
  // TO PUBLIC: a fence for named roles is lost when a restore misses one of them, and DROP OWNED could remove it.
  return policyObject(
    entry.table.name,
    "wk_fence",
    "narrow",
    "the fence",
    `as restrictive for all to public\n  using (${using})\n  with check (${check})`,
  )
}

function ownerPermission(entry: ScopedTable, owner: string): Managed {
  return policyObject(
    entry.table.name,
    "wk_owner",
    "support",
    "the owner works under the same fence",
    `for all to ${quoteIdent(owner)} using (true) with check (true)`,
  )
}

/** The fence of a table that belongs to another one, such as its word table, and what its readers are allowed. */
export function fencePolicies(
  entry: ScopedTable,
  table: string,
  owner: string,
  readers: readonly Managed[] = [],
): Managed[] {
  const companion: ScopedTable = { ...entry, table: { ...entry.table, name: table } }
  return [restrictive(companion), ownerPermission(companion, owner), ...readers]
}
