import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Catalog, CatalogTable } from "./catalog.js"
import { requireImmediateKey } from "./immediate-key.js"

/** The columns by which tenants and branches are known, as policies and mirrors use them, and their types. */
export interface TenancyKeys {
  readonly tenantKey: string
  readonly tenant: string
  readonly branchKey: string
  readonly branch: string
}

const keyTypes: ReadonlySet<string> = new Set(["uuid", "bigint", "integer", "text"])

/** @throws WK002 no such table · WK007 key type · WK008 no key of one column */
export function tenancyKeys(policy: Policy, catalog: Catalog): TenancyKeys {
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
