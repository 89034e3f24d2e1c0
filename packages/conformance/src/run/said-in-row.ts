import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { Relation } from "../catalog/relation.js"
import { tenantWords } from "../catalog/tenancy.js"
import { type Derived, type Looking, sampled } from "./glance.js"

/** Members of a document that may be the tenant. */
const memberLimit = 8

/** A member of a document that is called like a tenant's column, or one level deeper: `{"clinic": {"id": 7}}`. */
export async function byMember({ catalog, glance }: Looking, relation: Relation): Promise<Derived[]> {
  const known = new Set(
    catalog.relations.flatMap(({ tenancy }) => (tenancy.by === "column" ? [tenancy.column.name] : [])),
  )
  const isTenants = (name: string): boolean => known.has(name) || tenantWords.test(name)
  const found: Derived[] = []
  for (const { name } of relation.columns.filter(({ base }) => base === "jsonb" || base === "json")) {
    const document = `wk_row.${quoteIdent(name)}::jsonb`
    const rows = await glance.at(
      relation,
      name,
      `select distinct one.key as outer, two.key as inner from (select ${document} as doc from ${sampled(relation)} as wk_row where pg_catalog.jsonb_typeof(${document}) = 'object') as rows, pg_catalog.jsonb_each(doc) as one left join lateral (select key from pg_catalog.jsonb_each(case pg_catalog.jsonb_typeof(one.value) when 'object' then one.value else '{}' end)) as two on true limit 500`,
    )
    const paths = rows.map((row) => [row.outer, row.inner].flatMap((part) => (typeof part === "string" ? [part] : [])))
    const named = paths.filter(
      (path) =>
        isTenants(path.at(-1) ?? "") ||
        (/^(id|uuid|key|code|no)$/i.test(path.at(-1) ?? "") && isTenants(path[0] ?? "")),
    )
    // A document whose members are called after what is in it has no form, and its members' names are data.
    if (named.length > memberLimit || !named.flat().every((part) => /^[a-z_]\w*$/i.test(part))) continue
    for (const path of named) {
      const literal = `array[${path.map(quoteLiteral).join(", ")}]::text[]`
      found.push({
        by: "derived",
        columns: [name],
        inRow: true,
        tenant: (alias) => `(${alias}.${quoteIdent(name)}::jsonb #>> ${literal})`,
      })
    }
  }
  return found
}

/** A tenant's key of so few characters stands in front of a slash by chance: half a tablet is 1/2. */
const shortKey = 3
const pathNames = /path|file|folder|object(_|$)|key|url|uri|href|src|blob|bucket|storage|topic|channel|cache|prefix/i

/** The first folder of a path, as stores of files have it. */
export const byFolder = ({ keys }: Looking, { columns }: Relation): Derived[] =>
  columns
    .filter(({ category, enum: isEnum }) => category === "S" && !isEnum)
    .filter(({ name }) => pathNames.test(name) || keys.flat().every((key) => key.length > shortKey))
    .map(({ name }) => ({
      by: "derived",
      columns: [name],
      inRow: true,
      tenant: (alias) => `substring(${alias}.${quoteIdent(name)}::text from '^/?([^/:]+)[/:]')`,
    }))

/** The last part of what a cache or a channel is called: `dashboard:7`. */
export const byLastPart = ({ columns }: Relation): Derived[] =>
  columns
    .filter(
      ({ category, enum: isEnum, name }) => category === "S" && !isEnum && /key|cache|channel|topic|^k$/i.test(name),
    )
    .map(({ name }) => ({
      by: "derived",
      columns: [name],
      inRow: true,
      tenant: (alias) => `substring(${alias}.${quoteIdent(name)}::text from '[/:]([^/:]+)$')`,
    }))
