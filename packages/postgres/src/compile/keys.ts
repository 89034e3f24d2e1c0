import { type Finding, quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { CatalogConstraint } from "./catalog.js"
import { scopedKey } from "./columns.js"
import { ownColumn } from "./references.js"
import { type ScopedTable, scopeColumns } from "./scope.js"
import { hashOf, list, qualified, type Step } from "./step.js"
import { ownKey } from "./through.js"

const actions: Readonly<Record<string, string>> = {
  a: "no action",
  r: "restrict",
  c: "cascade",
  n: "set null",
  d: "set default",
}

/**
 * Foreign keys between scoped tables carry the parent's scope columns, so that no row refers across branches. A
 * single-column key is replaced, not kept beside: two keys would tell "exists elsewhere" from "does not exist".
 */
export function keySteps(
  entry: ScopedTable,
  scoped: ReadonlyMap<string, ScopedTable>,
): { steps: Step[]; findings: Finding[] } {
  const steps: Step[] = []
  const findings: Finding[] = []
  if (entry.tenant === null) return { steps, findings }
  for (const constraint of entry.table.constraints) {
    if (constraint.type !== "f" || constraint.parent === null) continue
    const parent = scoped.get(constraint.parent)
    if (
      parent === undefined ||
      parent.tenant === null ||
      (parent.table.name === entry.table.name && entry.key.length === 0)
    )
      continue
    if (!constraint.validated) findings.push(notValidated(entry, parent, constraint))
    const replaced = scopedForeignKey(entry, parent, constraint)
    if (replaced === "widening") {
      findings.push({
        check: "foreign-key-across-branches",
        severity: "leak",
        object: `${entry.table.name} ${constraint.name}`,
        message: `${entry.table.name} belongs to a tenant and refers to ${parent.table.name}, which belongs to a branch: the reference can cross branches`,
        fix: `Give ${entry.table.name} the scope 'branch', or remove the foreign key`,
      })
    } else if (replaced !== null) steps.push(...replaced)
  }
  steps.push(...throughKey(entry, scoped))
  return { steps, findings }
}

function scopedForeignKey(child: ScopedTable, parent: ScopedTable, fk: CatalogConstraint): Step[] | "widening" | null {
  if (parent.tenant !== null && isTenantReference(parent, fk)) return null
  const parentScope = scopeColumns(parent).map(([column]) => column)
  if (parentScope.every((column) => fk.parentColumns.includes(column))) return null
  if (parent.branch !== null && child.branch === null) return "widening"
  const scope = parentScope.map((column) => [ownColumn(child, parent, column) ?? column, column] as const)
  const pairs = fk.columns.map((column, index) => [column, fk.parentColumns[index] ?? ""] as const)
  // A scope column that is not the row's own stays what the host declared: `referenceFindings` names it.
  if (pairs.some(([mine, theirs]) => scope.some(([own, column]) => column === theirs && own !== mine))) return null
  const rest = pairs.filter(([, theirs]) => !parentScope.includes(theirs))
  const bare = rest.map(([mine]) => mine)
  const [childColumns, parentColumns] = [
    scope.concat(rest).map(([mine]) => mine),
    scope.concat(rest).map(([, theirs]) => theirs),
  ]
  const target = qualified(child.table.name)
  const steps = scopedUnique(parent, parentColumns)
  const setNull = fk.onDelete === "n" || fk.onDelete === "d" ? ` (${list(bare)})` : ""
  const deferral = fk.deferrable ? ` deferrable${fk.deferred ? " initially deferred" : ""}` : ""
  const full = matchFull(child, fk, bare)
  const validity = fk.validated ? "" : " not valid"
  const name = quoteIdent(fk.name)
  const added = `foreign key (${list(childColumns)}) references ${qualified(parent.table.name)} (${list(parentColumns)})${full.match} on update ${actions[fk.onUpdate] ?? "no action"} on delete ${actions[fk.onDelete] ?? "no action"}${setNull}${deferral}`
  steps.push({
    phase: "structure",
    object: `${child.table.name} ${fk.name}`,
    why: "no row may refer across branches",
    sql: [
      `alter table ${target} drop constraint ${name}`,
      `alter table ${target} add constraint ${name} ${added}${validity}`,
      ...(full.check === null
        ? []
        : [`alter table ${target} add constraint ${full.check.name} check (${full.check.condition})${validity}`]),
      ...(fk.comment === null ? [] : [`comment on constraint ${name} on ${target} is ${quoteLiteral(fk.comment)}`]),
    ].join(";\n"),
    ...danglers(child, parent, childColumns, parentColumns, bare.length),
  })
  return steps
}

/**
 * MATCH FULL asks for all columns or none, and the scope is never null. So it stays where the host's key held the scope
 * or allows no null; beside a nullable column alone it says nothing; for several a check says it.
 */
function matchFull(
  child: ScopedTable,
  fk: CatalogConstraint,
  bare: readonly string[],
): { match: string; check: { name: string; condition: string } | null } {
  const nullable = bare.some((column) => child.table.columns.get(column)?.notNull !== true)
  if (!fk.matchFull || (nullable && bare.length === 1 && fk.columns.length === 1)) return { match: "", check: null }
  if (!nullable || bare.length < fk.columns.length) return { match: " match full", check: null }
  const name = quoteIdent(`wk_${fk.name.slice(0, 40)}_full`)
  return { match: "", check: { name, condition: `num_nulls(${list(bare)}) in (0, ${bare.length})` } }
}

/** The rows that break a foreign key: `elsewhere` tells a reference across branches from one to nothing. */
function danglers(
  child: ScopedTable,
  parent: ScopedTable,
  childColumns: readonly string[],
  parentColumns: readonly string[],
  bare: number,
): { rows?: string } {
  if (child.added.length > 0 || parent.added.length > 0) return {}
  const pairs = childColumns.map((column, index) => [column, parentColumns[index] ?? ""] as const)
  const own = bare === 0 ? pairs : pairs.slice(-bare)
  const there = (some: readonly (readonly [string, string])[]): string =>
    `exists (select from ${qualified(parent.table.name)} p where ${some.map(([mine, theirs]) => `p.${quoteIdent(theirs)} = c.${quoteIdent(mine)}`).join(" and ")})`
  const given = childColumns.map((column) => `c.${quoteIdent(column)} is not null`).join(" and ")
  return {
    rows: `select c.*, ${there(own)} as elsewhere from ${qualified(child.table.name)} c where ${given} and not ${there(pairs)}`,
  }
}

function notValidated(child: ScopedTable, parent: ScopedTable, fk: CatalogConstraint): Finding {
  return {
    check: "foreign-key-not-validated",
    severity: "hygiene",
    object: `${child.table.name} ${fk.name}`,
    message: `declared NOT VALID and left so: older rows may refer to no row of ${parent.table.name}, or to one of another branch`,
    fix: `in maintenance: alter table ${qualified(child.table.name)} validate constraint ${quoteIdent(fk.name)}`,
  }
}

/** What a composite foreign key refers to, where the host has no such key. */
function scopedUnique(parent: ScopedTable, columns: readonly string[]): Step[] {
  if (
    parent.table.wholeUniques.some(
      (unique) => unique.length === columns.length && columns.every((c) => unique.includes(c)),
    )
  )
    return []
  // Another foreign key may refer to another key of the same parent, which needs an index of its own.
  const isPrimary = parent.key.every((column) => columns.includes(column))
  const which = isPrimary ? "" : `_${hashOf(columns.join("\n")).slice(0, 8)}`
  const index = quoteIdent(`wk_${parent.table.table.slice(0, 40)}${which}_scoped_key`)
  return [
    {
      phase: "structure",
      object: parent.table.name,
      why: "a key that leads with the scope, for foreign keys to refer to",
      sql: `create unique index if not exists ${index} on ${qualified(parent.table.name)} (${list(columns)})`,
    },
  ]
}

/** A `through` table is held to its parent's scope by a foreign key, also where the host declared none. */
function throughKey(entry: ScopedTable, scoped: ReadonlyMap<string, ScopedTable>): Step[] {
  const { through } = entry
  const parent = through === null ? undefined : scoped.get(through.parent)
  if (through === null || parent === undefined) return []
  if (
    entry.table.constraints.some((k) => k.type === "f" && k.parent === through.parent && k.columns.includes(through.by))
  )
    return []
  const parentColumns = scopedKey(parent, [ownKey(parent)])
  const childColumns = [...scopeColumns(entry).map(([column]) => column), through.by]
  return [
    ...scopedUnique(parent, parentColumns),
    {
      phase: "structure",
      object: entry.table.name,
      why: `belongs where its ${parent.table.table} belongs`,
      sql: `alter table ${qualified(entry.table.name)} add constraint ${quoteIdent(`wk_${entry.table.table.slice(0, 40)}_through`)} foreign key (${list(childColumns)}) references ${qualified(parent.table.name)} (${list(parentColumns)})`,
    },
  ]
}

/** The parent's own key is its tenant: it is the table of tenants, and a reference to it says the tenant already. */
function isTenantReference(parent: ScopedTable, fk: CatalogConstraint): boolean {
  return parent.key.length === 1 && fk.parentColumns.length === 1 && fk.parentColumns[0] === parent.tenant?.column
}
