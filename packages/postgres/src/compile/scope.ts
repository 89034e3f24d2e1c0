import { codes, type Finding, type Policy, type TableRule, WardkeepError } from "@wardkeep/core"
import type { Catalog, CatalogTable } from "./catalog.js"
import { requireImmediateKey } from "./immediate-key.js"
import { hostObjectsInTheWay } from "./in-the-way.js"

/** A table with its place in the tenancy, types looked up in the catalog. */
export interface ScopedTable {
  readonly table: CatalogTable
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

const keyTypes: ReadonlySet<string> = new Set(["uuid", "bigint", "integer", "text"])

/**
 * Puts every table of the policy beside its catalog entry.
 *
 * @throws WK002 unknown table or column · WK007 key type · WK008 scope column missing · WK303 a table of another owner, with foreign policies or with INHERITS
 */
export function resolveScopes(policy: Policy, catalog: Catalog): Resolved {
  const faults: { code: "WK002" | "WK007" | "WK008" | "WK303"; text: string; hint?: string }[] = []
  const scoped = new Map<string, ScopedTable>()
  const types = tenancyTypes(policy, catalog)
  for (const [name, rule] of policy.tables) {
    if (rule.scope === "unmanaged") continue
    const table = catalog.tables.get(name)
    if (table === undefined) {
      faults.push({ code: "WK002", text: `table ${name} is in the policy file and not in the database` })
      continue
    }
    const entry = withAddedColumns(place(policy, rule, table, types))
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

interface TenancyTypes {
  readonly tenantKey: string
  readonly tenant: string
  readonly branchKey: string
  readonly branch: string
}

function tenancyTypes(policy: Policy, catalog: Catalog): TenancyTypes {
  const tenantTable = catalog.tables.get(policy.tenancy.tenant)
  const branchTable = catalog.tables.get(policy.tenancy.branch)
  if (tenantTable === undefined || branchTable === undefined) {
    throw new WardkeepError("WK002", {
      message: `the tenancy tables ${policy.tenancy.tenant} and ${policy.tenancy.branch} must exist`,
    })
  }
  const tenantKey = singleKey(tenantTable)
  for (const table of [tenantTable, branchTable]) requireImmediateKey(table)
  // Tokens and the mirror name a branch by its id alone, so it must be unique in the whole database, not per tenant.
  const branchKey = keyOfBranches(branchTable, catalog, policy.tenancy.columns)
  const tenant = tenantTable.columns.get(tenantKey)?.type ?? ""
  const branch = branchTable.columns.get(branchKey)?.type ?? ""
  for (const [where, type] of [
    [tenantTable.name, tenant],
    [branchTable.name, branch],
  ] as const) {
    if (!keyTypes.has(type)) throw new WardkeepError("WK007", { message: `the key of ${where} is ${type}` })
  }
  return { tenantKey, tenant, branchKey, branch }
}

/**
 * Never by the order of the catalog, which a restored dump changes: what the branch column of other tables refers to, else
 * the primary key's own column, else the one that foreign keys name, else the only one there is.
 */
function keyOfBranches(
  table: CatalogTable,
  catalog: Catalog,
  { tenant, branch }: { readonly tenant: string; readonly branch: string },
): string {
  const single = table.wholeUniques.filter((columns) => columns.length === 1).flat()
  const candidates = [...new Set(single)].filter((column) => column !== tenant && column !== "")
  if (candidates.length === 0) {
    throw new WardkeepError("WK008", {
      message: `${table.name} needs a unique key of one column: branch ids that repeat across tenants would open one tenant to another`,
    })
  }
  const primary = table.constraints.filter((constraint) => constraint.type === "p").flatMap(({ columns }) => columns)
  const keys = [...catalog.tables.values()]
    .flatMap(({ constraints }) => constraints)
    .filter((constraint) => constraint.type === "f" && constraint.parent === table.name)
  const named = keys.flatMap(({ parentColumns }) => parentColumns)
  const fenced = keys.flatMap(({ columns, parentColumns }) => parentColumns.filter((_, i) => columns[i] === branch))
  for (const preferred of [fenced, primary, named, candidates]) {
    const [only, ...others] = candidates.filter((column) => preferred.includes(column))
    if (only !== undefined && others.length === 0) return only
    if (preferred === fenced && others.length > 0) break
  }
  throw new WardkeepError("WK008", {
    message: `${table.name} has several unique columns, ${candidates.join(", ")}, and none is its primary key: which one names a branch?`,
    hint: "Make the column that other tables refer to its primary key.",
  })
}

function singleKey(table: CatalogTable): string {
  const key = table.constraints.find((constraint) => constraint.type === "p")?.columns
  if (key === undefined || key.length !== 1 || key[0] === undefined) {
    throw new WardkeepError("WK008", { message: `${table.name} needs a primary key of one column` })
  }
  return key[0]
}

/** The key column of the branch table, as policies and mirrors use it. */
export function branchKeyColumn(policy: Policy, catalog: Catalog): string {
  return tenancyTypes(policy, catalog).branchKey
}

function place(policy: Policy, rule: TableRule, table: CatalogTable, types: TenancyTypes): ScopedTable {
  const key = table.constraints.find((constraint) => constraint.type === "p")?.columns ?? []
  const base = { table, rule, key, link: null, through: null, added: [] }
  const tenant = { column: policy.tenancy.columns.tenant, type: types.tenant }
  const branch = { column: policy.tenancy.columns.branch, type: types.branch }
  if (table.name === policy.tenancy.tenant) {
    return { ...base, level: "tenant", tenant: { column: types.tenantKey, type: types.tenant }, branch: null }
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
  for (const lookup of policy.lookups) if (lookup.table === name) named.push(lookup.by, ...lookup.returns)
  return [...new Set(named)]
}

function needsKey(policy: Policy, name: string, rule: TableRule): boolean {
  return rule.search !== undefined || policy.lookups.some((lookup) => lookup.table === name)
}

/** The tables of the policy file, their partitions and our companions of them. */
export function coveredTables(catalog: Catalog, scoped: ReadonlyMap<string, ScopedTable>): CatalogTable[] {
  return [...catalog.tables.values()].filter(
    (table) =>
      scoped.has(table.name) ||
      catalog.managed.has(`table ${table.name}`) ||
      isPartitionOfScoped(table, catalog, scoped),
  )
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

function isPartitionOfScoped(table: CatalogTable, catalog: Catalog, scoped: ReadonlyMap<string, ScopedTable>): boolean {
  const parent = table.partitionOf === null ? undefined : catalog.tables.get(table.partitionOf)
  return parent !== undefined && (scoped.has(parent.name) || isPartitionOfScoped(parent, catalog, scoped))
}

/** The partitions of a scoped table, at every depth, in the place of their root: they inherit neither policies nor grants. */
export function partitionsOf(entry: ScopedTable, catalog: Catalog): ScopedTable[] {
  return [...catalog.tables.values()]
    .filter((table) => table.partitionOf === entry.table.name)
    .map((table) => ({ ...entry, table }))
    .flatMap((partition) => [partition, ...partitionsOf(partition, catalog)])
}
