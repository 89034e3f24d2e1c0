import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { quoted, type Relation, refersBy } from "./relation.js"

/** SQL for the tenant of a row, as text, in terms of the relation's alias; undefined where a row says nothing. */
export function tenantOf(relation: Relation, alias: string, depth = 0): string | undefined {
  const { tenancy } = relation
  if (tenancy.by === "column" || tenancy.by === "root") return `${alias}.${quoteIdent(tenancy.column.name)}::text`
  if (tenancy.by === "schema") return quoteLiteral(tenancy.key)
  if (tenancy.by === "derived") return tenancy.tenant(alias)
  if (tenancy.by !== "parent" && tenancy.by !== "child") return undefined
  const { key } = tenancy
  const other = tenancy.by === "parent" ? tenancy.parent : tenancy.child
  const up = `up${depth}`
  const inner = tenantOf(other, up, depth + 1)
  if (inner === undefined) return undefined
  const [child, parent] = tenancy.by === "parent" ? [alias, up] : [up, alias]
  return `(select ${inner} from ${quoted(other)} as ${up} where ${refersBy(key, child, parent)})`
}

/** Columns of its own that say whose a row is. */
export const tenantColumns = ({ tenancy }: Relation): readonly string[] =>
  tenancy.by === "column" ? [tenancy.column.name] : tenancy.by === "derived" ? tenancy.columns : []

/** The same, and of the table of tenants its key: a value written there would make the row another tenant's. */
export const decidingColumns = (relation: Relation): readonly string[] =>
  relation.tenancy.by === "root" ? [relation.tenancy.column.name] : tenantColumns(relation)

/** The key is a tenant's own where it holds all that says whose a row is. */
export const holdsTenant = (relation: Relation, names: readonly string[]): boolean => {
  const columns = tenantColumns(relation)
  return columns.length > 0 && columns.every((name) => names.includes(name))
}

/** SQL that is true for rows of these tenants. Array columns hold several tenants. */
export function belongsTo(relation: Relation, alias: string, keys: readonly string[]): string {
  const { tenancy } = relation
  if (tenancy.by === "derived" && tenancy.belongs !== undefined) return tenancy.belongs(alias, keys)
  const list = keys.map(quoteLiteral).join(", ")
  if ((tenancy.by === "column" || tenancy.by === "root") && tenancy.column.category === "A") {
    return `${alias}.${quoteIdent(tenancy.column.name)}::text[] && array[${list}]::text[]`
  }
  if (tenancy.by === "column" || tenancy.by === "root") {
    // Compared in the column's own type, so that an index serves and the server decides what equal means.
    const literals = keys.map((key) => `${quoteLiteral(key)}::${tenancy.column.base}`).join(", ")
    return `${alias}.${quoteIdent(tenancy.column.name)} in (${literals})`
  }
  return `${tenantOf(relation, alias) ?? "null"} in (${list})`
}
