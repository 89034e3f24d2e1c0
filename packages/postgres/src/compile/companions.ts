import { type Policy, quoteIdent, roleNames } from "@wardkeep/core"
import type { Catalog, CatalogTable } from "./catalog.js"
import { fencePolicies, forceSteps } from "./fence.js"
import { differenceSteps, type Grant, type Grants, type Held, type Strangers } from "./grants.js"
import type { TablePrivileges } from "./privileges.js"
import { partitionsOf, type ScopedTable } from "./scope.js"
import { hashOf, isRemade, type Managed, qualified, type Step } from "./step.js"
import { wordReaders, wordTable, wordTableName } from "./words.js"

/** What belongs to a table of the policy file without being named there: its words, its sequences, its partitions. */
export function companionSteps(
  policy: Policy,
  entry: ScopedTable,
  catalog: Catalog,
  privileges: readonly TablePrivileges[],
  grants: Grants,
): Step[] {
  const difference = (relation: string, desired: readonly Grant[], strangers: Strangers): Step[] =>
    differenceSteps(policy, relation, desired, grants.of(relation), strangers)
  const whole = (roles: readonly string[], privilege: string): Grant[] =>
    roles.map((grantee) => ({ grantee, privilege, column: null }))
  const inserting = privileges.filter((p) => p.insert !== false).map((p) => p.role)
  // A sequence is not fenced, and a table that is not covered may count with it too.
  const steps = entry.table.sequences.flatMap((sequence) => difference(sequence, whole(inserting, "USAGE"), "keep"))
  if (entry.rule.search !== undefined && entry.tenant !== null) {
    const words = wordTableName(entry)
    const table = catalog.tables.get(words)
    const made = wordTable(policy, entry, privileges).some(
      (o) => o.id === `table ${words}` && isRemade(o, catalog.managed),
    )
    // A table that is made again has none of the grants that the catalog shows of the one it replaces.
    const present = made || table === undefined ? grants.ofNew(words) : grants.of(words)
    const readers = whole(wordReaders(policy, entry, privileges), "SELECT")
    steps.push(...differenceSteps(policy, words, readers, present, "lose"))
    if (table !== undefined && !made) steps.push(...forceSteps({ ...entry, table }))
  }
  for (const partition of partitionsOf(entry)) {
    steps.push(...forceSteps(partition), ...difference(partition.table.name, [], strangersOn(entry)))
  }
  return steps
}

/** Partitions are reached through their root; whoever names one directly meets the same fence, and has no grant. */
export function partitionFences(policy: Policy, entry: ScopedTable): Managed[] {
  if (entry.level === "global") return []
  const { owner } = roleNames(policy)
  return partitionsOf(entry).flatMap((partition) => fencePolicies(partition, partition.table.name, owner))
}

/** Relations whose grants the plan compares, besides the tables of the policy file. */
export function companionRelations(entries: Iterable<ScopedTable>): string[] {
  const names: string[] = []
  for (const entry of entries) {
    names.push(...entry.table.sequences, ...entry.partitions.map(({ name }) => name))
    if (entry.rule.search !== undefined) names.push(wordTableName(entry))
  }
  return names
}

/**
 * Tables that carry policies of ours and shall carry none. Partitions that were detached are among them wherever they are:
 * FORCE without a policy, and a fence without permissions as well, show whoever was granted them no rows and no error.
 */
export function releasedTables(catalog: Catalog, managed: readonly Managed[]): CatalogTable[] {
  const tableOf = (id: string): string => (id.startsWith("policy ") ? (id.split(" ")[1] ?? "") : "")
  const wanted = new Set(managed.map((object) => tableOf(object.id)))
  const released = new Set([...catalog.managed.keys()].map(tableOf).filter((name) => !wanted.has(name)))
  return [...catalog.tables.values(), ...catalog.leftBehind].filter(
    ({ name }) => released.has(name) && !catalog.managed.has(`table ${name}`),
  )
}

/** Ours is taken from a released table before its rows become visible to whoever has privileges. */
export function releaseSteps(policy: Policy, table: CatalogTable, present: readonly Held[]): Step[] {
  const target = qualified(table.name)
  const isReference = policy.tables.get(table.name)?.scope === "global"
  const defaults = [...table.columns.values()]
    .filter((column) => column.default?.includes("wardkeep.") === true)
    .map((column) => `alter column ${quoteIdent(column.name)} drop default, `)
  return [
    ...(isReference ? [] : differenceSteps(policy, table.name, [], present, "keep")),
    {
      phase: "widen",
      object: table.name,
      why: isReference ? "reference data, every row of it" : "no longer in the policy file: NOT COVERED from now on",
      sql: `alter table ${target} ${defaults.join("")}no force row level security, disable row level security`,
    },
  ]
}

/** The copies that look-ups read: enabled, and granted to nobody. */
export function lookupTableSteps(
  policy: Policy,
  catalog: Catalog,
  managed: readonly Managed[],
  grants: Grants,
): Step[] {
  const copies = managed.filter((object) => object.id.startsWith("table wardkeep_lookup."))
  const made = copies.filter((object) => catalog.managed.get(object.id) !== hashOf(object.create))
  const kept = copies
    .filter((object) => !made.includes(object))
    .flatMap((object) => catalog.tables.get(nameOf(object)) ?? [])
  return [
    ...made.flatMap((object) => differenceSteps(policy, nameOf(object), [], grants.ofNew(nameOf(object)), "lose")),
    ...kept.flatMap((table) => [
      ...differenceSteps(policy, table.name, [], grants.of(table.name), "lose"),
      ...(table.rls ? [] : [enable(table)]),
    ]),
  ]
}

function nameOf(object: Managed): string {
  return object.id.slice("table ".length)
}

/** Only a fence is silent to those whom no policy lets through; a global table has none. */
export function strangersOn(entry: ScopedTable): Strangers {
  return entry.level === "global" ? "keep" : "lose"
}

function enable(table: CatalogTable): Step {
  const sql = `alter table ${qualified(table.name)} enable row level security`
  return { phase: "narrow", object: table.name, why: "reached through its function only", sql }
}
