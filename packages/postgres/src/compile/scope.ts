import { codes, type Explanation, type Finding, type Policy, type TableRule, WardkeepError } from "@wardkeep/core"
import type { Catalog, CatalogTable } from "./catalog.js"
import { withWallColumns } from "./consent-wall.js"
import { hostObjectsInTheWay } from "./in-the-way.js"
import { type TenancyKeys, tenancyKeys } from "./tenancy-keys.js"

/** A table with its place in the tenancy, types looked up in the catalog. */
export interface ScopedTable {
  readonly table: CatalogTable
  /** At every depth. They inherit neither policies nor grants, and may have indexes of their own. */
  readonly partitions: readonly CatalogTable[]
  readonly rule: TableRule
  readonly level: "global" | "tenant" | "branch" | "shared"
  /** Null for global tables. */
  readonly tenant: { readonly column: string; readonly type: string } | null
  /** Null unless the table belongs to a branch. */
  readonly branch: { readonly column: string; readonly type: string } | null
  /** Link table of a shared identity. */
  readonly link: { readonly table: string; readonly by: string } | null
  /** Parent of a `through` table. */
  readonly through: { readonly parent: string; readonly by: string } | null
  readonly key: readonly string[]
  /** Scope columns that the plan adds to a `through` table. */
  readonly added: readonly string[]
}

export interface Resolved {
  readonly scoped: ReadonlyMap<string, ScopedTable>
  readonly findings: readonly Finding[]
}

/**
 * Puts every table of the policy beside its catalog entry.
 *
 * @throws WK002 unknown table or column · WK007 key type · WK008 scope column missing · WK303 a table of another owner, with foreign policies or with INHERITS
 */
export function resolveScopes(policy: Policy, catalog: Catalog): Resolved {
  const faults: { code: "WK002" | "WK007" | "WK008" | "WK303"; text: string; hint?: string }[] = []
  const scoped = new Map<string, ScopedTable>()
  const keys = tenancyKeys(policy, catalog)
  for (const [name, rule] of policy.tables) {
    if (rule.scope === "unmanaged") continue
    const table = catalog.tables.get(name)
    if (table === undefined) {
      faults.push({ code: "WK002", text: `table ${name} is in the policy file and not in the database` })
      continue
    }
    const placed = place(policy, rule, table, partitionsIn(catalog, table), keys)
    if (policy.consent !== null && rule.subject !== undefined && table.partitionOf !== null)
      faults.push({
        code: "WK303",
        text: `${name} is a partition of ${table.partitionOf}, and consent is held on the whole; list that one only`,
        hint: "List the whole in the policy file, in place of its partition: roles would read the partition past the consent of its people.",
      })
    const entry = withWallColumns(policy, withAddedColumns(placed))
    scoped.set(name, entry)
    for (const [column, type] of scopeColumns(entry)) {
      const present = entry.table.columns.get(column)
      if (present === undefined) faults.push({ code: "WK008", text: `${name} has no column ${column}` })
      else if (present.type !== type) {
        faults.push({ code: "WK007", text: `${name}.${column} is ${present.type}, the key it refers to is ${type}` })
      } else if (!present.exact) {
        faults.push({
          code: "WK007",
          text: `${name}.${column} has a collation that takes different keys for the same; give it a deterministic one`,
        })
      }
    }
    if (entry.key.length === 0 && needsKey(policy, name, rule)) {
      faults.push({ code: "WK008", text: `${name} has no primary key, which search and look-ups refer to` })
    }
    for (const column of namedColumns(policy, name, rule)) {
      if (!table.columns.has(column)) faults.push({ code: "WK002", text: `${name} has no column ${column}` })
    }
  }
  for (const found of hostObjectsInTheWay(catalog, scoped, coveredTables(catalog, scoped)))
    faults.push({ code: "WK303", ...found })
  const first = faults[0]
  if (first !== undefined) {
    throw new WardkeepError(first.code, {
      message: faults.map((fault) => `${fault.code} ${fault.text}`).join("\n"),
      hint: [...new Set(faults.map(({ code, hint }) => hint ?? codes[code].hint))].join(" "),
    })
  }
  return { scoped: parentsFirst(scoped), findings: uncovered(policy, catalog, scoped) }
}

/** A `through` table takes its scope from its parent, which may be one itself. */
function parentsFirst(scoped: ReadonlyMap<string, ScopedTable>): Map<string, ScopedTable> {
  const depth = (entry: ScopedTable | undefined): number => {
    if (entry === undefined || entry.through === null) return 0
    return 1 + depth(scoped.get(entry.through.parent))
  }
  return new Map([...scoped].sort(([, a], [, b]) => depth(a) - depth(b)))
}

/** Grants and policies of a through table already know the columns that the same plan adds. */
function withAddedColumns(entry: ScopedTable): ScopedTable {
  if (entry.through === null) return entry
  const missing = scopeColumns(entry).filter(([column]) => !entry.table.columns.has(column))
  const columns = new Map(entry.table.columns)
  for (const [name, type] of missing) {
    columns.set(name, { name, type, notNull: false, default: null, identity: false, generated: false, exact: true })
  }
  return { ...entry, table: { ...entry.table, columns }, added: missing.map(([column]) => column) }
}

export function scopeColumns(entry: ScopedTable): [string, string][] {
  const columns: [string, string][] = []
  if (entry.tenant !== null) columns.push([entry.tenant.column, entry.tenant.type])
  if (entry.branch !== null) columns.push([entry.branch.column, entry.branch.type])
  return columns
}

function place(
  policy: Policy,
  rule: TableRule,
  table: CatalogTable,
  partitions: readonly CatalogTable[],
  keys: TenancyKeys,
): ScopedTable {
  const key = table.constraints.find((constraint) => constraint.type === "p")?.columns ?? []
  const base = { table, partitions, rule, key, link: null, through: null, added: [] }
  const tenant = { column: policy.tenancy.columns.tenant, type: keys.tenant }
  const branch = { column: policy.tenancy.columns.branch, type: keys.branch }
  if (table.name === policy.tenancy.tenant) {
    return { ...base, level: "tenant", tenant: { column: keys.tenantKey, type: keys.tenant }, branch: null }
  }
  const { scope } = rule
  if (typeof scope === "object" && "shared" in scope) {
    return { ...base, level: "shared", tenant, branch: null, link: { table: scope.shared, by: scope.by } }
  }
  if (typeof scope === "object") {
    const level = levelThrough(policy, scope.through)
    return {
      ...base,
      level,
      tenant,
      branch: level === "branch" ? branch : null,
      through: { parent: scope.through, by: scope.by },
    }
  }
  if (scope === "global") return { ...base, level: "global", tenant: null, branch: null }
  return scope === "branch"
    ? { ...base, level: "branch", tenant, branch }
    : { ...base, level: "tenant", tenant, branch: null }
}

function levelThrough(policy: Policy, parent: string): "tenant" | "branch" {
  const scope = policy.tables.get(parent)?.scope
  if (typeof scope === "object" && "through" in scope) return levelThrough(policy, scope.through)
  return scope === "branch" ? "branch" : "tenant"
}

/** What the policy file names about the table itself; cells and conditions are checked with their types. */
function namedColumns(policy: Policy, name: string, rule: TableRule): string[] {
  const named: string[] = []
  if (rule.subject !== undefined) named.push(rule.subject)
  for (const group of Object.values(rule.columns ?? {})) named.push(...group)
  named.push(...(rule.search?.words ?? []), ...(rule.search?.lastDigits ?? []))
  if (typeof rule.scope === "object" && "through" in rule.scope) named.push(rule.scope.by)
  if (policy.consent?.subjects === name) named.push(policy.consent.born)
  for (const { table, month, by, sum } of policy.aggregates?.figures ?? [])
    if (table === name) named.push(month, ...(by === null ? [] : [by.column]), ...(sum === null ? [] : [sum]))
  for (const one of policy.detection?.explanations ?? [])
    if ("table" in one && one.table === name) named.push(...explaining(one))
  if (policy.detection?.numbers?.table === name) named.push(policy.detection.numbers.column)
  for (const lookup of policy.lookups) if (lookup.table === name) named.push(lookup.by, ...lookup.returns)
  return [...new Set(named)]
}

/** What an explanation reads of its table, besides the subject and the branch. */
function explaining(one: Extract<Explanation, { kind: "row" | "duty" }>): string[] {
  if (one.kind === "duty") return [one.actor, one.from, one.until]
  return [one.at, ...(one.actor === null ? [] : [one.actor])]
}

function needsKey(policy: Policy, name: string, rule: TableRule): boolean {
  return rule.search !== undefined || policy.lookups.some((lookup) => lookup.table === name)
}

/** The tables of the policy file, their partitions and our companions of them. */
export function coveredTables(catalog: Catalog, scoped: ReadonlyMap<string, ScopedTable>): CatalogTable[] {
  const names = new Set([...scoped.values()].flatMap(tablesOf).map(({ name }) => name))
  return [...catalog.tables.values()].filter(({ name }) => names.has(name) || catalog.managed.has(`table ${name}`))
}

/** Tables nobody listed: an error with `rest: 'error'`, else reported as not covered. */
function uncovered(policy: Policy, catalog: Catalog, scoped: ReadonlyMap<string, ScopedTable>): Finding[] {
  const findings: Finding[] = []
  const missing: string[] = []
  const covered = new Set(coveredTables(catalog, scoped))
  for (const table of catalog.tables.values()) {
    if (covered.has(table)) continue
    const listed = policy.tables.has(table.name)
    if (!listed && policy.rest === "error") missing.push(table.name)
    findings.push({
      check: "table-not-covered",
      severity: "not-covered",
      object: table.name,
      message: `NOT COVERED: ${table.name} is ${listed ? "declared unmanaged" : "not in the policy file"}; Wardkeep grants nothing on it and protects nothing in it`,
    })
  }
  if (missing.length > 0) {
    throw new WardkeepError("WK002", {
      message: `tables of the database that the policy file does not list: ${missing.join(", ")}`,
      hint: "Give each a scope, or write rest: 'unmanaged' to start with the tables you list.",
    })
  }
  return findings
}

function partitionsIn(catalog: Catalog, table: CatalogTable): CatalogTable[] {
  return [...catalog.tables.values()]
    .filter(({ partitionOf }) => partitionOf === table.name)
    .flatMap((partition) => [partition, ...partitionsIn(catalog, partition)])
}

/** A table with its partitions: their indexes find its rows too, under its policies. */
export function tablesOf({ table, partitions }: ScopedTable): CatalogTable[] {
  return [table, ...partitions]
}

/** The partitions in the place of their root. */
export function partitionsOf(entry: ScopedTable): ScopedTable[] {
  return entry.partitions.map((table) => ({ ...entry, table }))
}
