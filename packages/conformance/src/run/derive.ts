import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import type { Catalog } from "../catalog/catalog.js"
import { type Column, isTable, quoted, type Relation, type Tenancy } from "../catalog/relation.js"
import { followParents, tenantWords } from "../catalog/tenancy.js"
import { tenantOf } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Facts } from "../probe/facts.js"
import { holdsTenants } from "../probe/ground.js"

/** Rows that are read to see what a table's rows say. */
const rowLimit = 2_000

/** Members of a document that may be the tenant. */
const memberLimit = 8

type Derived = Extract<Tenancy, { by: "derived" }>

interface Looking {
  readonly catalog: Catalog
  readonly facts: Facts
  readonly keys: readonly (readonly string[])[]
}

/**
 * Says of tables without a tenant column, and without a declared parent that has one, whose their rows are, where the
 * rows that are there say it, of two tenants at least.
 */
export async function deriveTenancy(catalog: Catalog, facts: Facts, actors: readonly Actor[]): Promise<void> {
  const looking = { catalog, facts, keys: actors.map(({ keys }) => keys) }
  for (let step = 0; step < 2; step++) {
    let isFound = false
    for (const relation of catalog.relations.filter((one) => isTable(one) && one.tenancy.by === "nothing")) {
      const tenancy = await derivedOf(looking, relation)
      if (tenancy === undefined) continue
      relation.tenancy = tenancy
      isFound = true
    }
    if (!isFound) return
    followParents(catalog)
  }
}

async function derivedOf(looking: Looking, relation: Relation): Promise<Derived | undefined> {
  for (const columns of [
    await byMember(looking, relation),
    byFolder(looking, relation),
    byLastPart(relation),
    byOwnerKind(looking, relation),
    byNumber(looking, relation),
  ]) {
    const told: Derived[] = []
    for (const one of columns) if (await tellsTenants(looking, relation, one)) told.push(one)
    // Two of them may say two things of one row, such as who sent it and who received it.
    if (told.length > 1) return undefined
    if (told.length === 1) return told[0]
  }
  return undefined
}

/** A member of a document that is called like a tenant's column, or one level deeper: `{"clinic": {"id": 7}}`. */
async function byMember({ catalog, facts }: Looking, relation: Relation): Promise<Derived[]> {
  const known = new Set(
    catalog.relations.flatMap(({ tenancy }) => (tenancy.by === "column" ? [tenancy.column.name] : [])),
  )
  const isTenants = (name: string): boolean => known.has(name) || tenantWords.test(name)
  const found: Derived[] = []
  for (const { name } of relation.columns.filter(({ base }) => base === "jsonb" || base === "json")) {
    const document = `wk_row.${quoteIdent(name)}::jsonb`
    const { rows } = await facts.ask(
      `select distinct one.key as outer, two.key as inner from (select ${document} as doc from ${quoted(relation)} as wk_row where pg_catalog.jsonb_typeof(${document}) = 'object' limit ${rowLimit}) as rows, pg_catalog.jsonb_each(doc) as one left join lateral (select key from pg_catalog.jsonb_each(case pg_catalog.jsonb_typeof(one.value) when 'object' then one.value else '{}' end)) as two on true limit 500`,
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
const byFolder = ({ keys }: Looking, { columns }: Relation): Derived[] =>
  columns
    .filter(({ category, enum: isEnum }) => category === "S" && !isEnum)
    .filter(({ name }) => pathNames.test(name) || keys.flat().every((key) => key.length > shortKey))
    .map(({ name }) => ({
      by: "derived",
      columns: [name],
      tenant: (alias) => `substring(${alias}.${quoteIdent(name)}::text from '^/?([^/:]+)[/:]')`,
    }))

/** The last part of what a cache or a channel is called: `dashboard:7`. */
const byLastPart = ({ columns }: Relation): Derived[] =>
  columns
    .filter(
      ({ category, enum: isEnum, name }) => category === "S" && !isEnum && /key|cache|channel|topic|^k$/i.test(name),
    )
    .map(({ name }) => ({
      by: "derived",
      columns: [name],
      tenant: (alias) => `substring(${alias}.${quoteIdent(name)}::text from '[/:]([^/:]+)$')`,
    }))

/** `owner_type` names a table, `owner_id` a row of it. */
function byOwnerKind({ catalog }: Looking, relation: Relation): Derived[] {
  const owners = catalog.relations.flatMap((table) => {
    const key = lastOfKey(table)
    return holdsTenants(table) && key !== undefined ? [{ table, key }] : []
  })
  return relation.columns.flatMap((kind): Derived[] => {
    const stem = /^(.*?)_?(type|kind|table|entity|class|model)$/i.exec(kind.name)?.[1]
    const number = relation.columns.find(
      ({ name }) => stem !== undefined && name !== kind.name && numberOf(name) === stem.toLowerCase(),
    )
    if (number === undefined || (kind.category !== "S" && kind.category !== "E")) return []
    const arms = owners.map(({ table, key }) => {
      const named = [table.name, singular(table.name), `${table.schema}.${table.name}`].map(quoteLiteral).join(", ")
      return (alias: string) =>
        `when lower(${alias}.${quoteIdent(kind.name)}::text) in (${named}) then ${parentOf(table, key, alias, number)}`
    })
    if (arms.length === 0) return []
    return [
      {
        by: "derived",
        columns: [kind.name, number.name],
        tenant: (alias) => `(case ${arms.map((arm) => arm(alias)).join(" ")} end)`,
      },
    ]
  })
}

/** The number of another table's row without a foreign key that says so: `visit_id` of `visits`. */
function byNumber({ catalog }: Looking, relation: Relation): Derived[] {
  return relation.columns.flatMap((column): Derived[] => {
    const stem = numberOf(column.name)
    if (stem === undefined || stem === "") return []
    const parent = catalog.relations.find(
      (one) => one !== relation && holdsTenants(one) && isCalled(one, stem) && fits(one, column),
    )
    const key = parent && lastOfKey(parent)
    if (parent === undefined || key === undefined) return []
    return [
      {
        by: "derived",
        columns: [column.name],
        tenant: (alias) => parentOf(parent, key, alias, column),
      },
    ]
  })
}

const fits = (parent: Relation, { category, base }: Column): boolean => {
  const key = lastOfKey(parent)
  return key !== undefined && key.category === category && (key.base === "uuid") === (base === "uuid")
}

const numberOf = (name: string): string | undefined =>
  /^(.*?)_?(id|uuid|no|nr|number|key|ref|code)$/i.exec(name)?.[1]?.toLowerCase()

const singular = (name: string): string => name.replace(/ies$/, "y").replace(/s$/, "")

const isCalled = ({ name }: Relation, stem: string): boolean =>
  [name.toLowerCase(), singular(name.toLowerCase())].includes(stem)

/** Behind the tenant, the row's own. */
function lastOfKey({ keys, columns, tenancy }: Relation): Column | undefined {
  const tenant = tenancy.by === "column" ? tenancy.column.name : ""
  const own = keys.find(({ kind }) => kind === "p")?.columns.filter((name) => name !== tenant) ?? []
  return own.length === 1 ? columns.find(({ name }) => name === own[0]) : undefined
}

/** Whose the row of that number is; nobody's where several tenants have one. */
function parentOf(parent: Relation, key: Column, alias: string, number: Column): string {
  const tenant = tenantOf(parent, "up", 1)
  const [above, here] = [`up.${quoteIdent(key.name)}`, `${alias}.${quoteIdent(number.name)}`]
  // As they are where they can be compared so: the text of a number is in no index.
  const isSame = isOneType(key, number) ? `${above} = ${here}` : `${above}::text = ${here}::text`
  return `(select min(${tenant}) from ${quoted(parent)} as up where ${isSame} having count(distinct ${tenant}) = 1)`
}

const isOneType = (one: Column, other: Column): boolean =>
  one.base === other.base || [one, other].every(({ base }) => /^(smallint|integer|bigint)$/.test(base))

/** Whether rows of two of the tenants that are known are among them. */
async function tellsTenants(
  { facts, keys }: Looking,
  relation: Relation,
  { tenant, columns }: Derived,
): Promise<boolean> {
  const { rows, error } = await facts.ask(
    `select distinct (${tenant("wk_row")})::text as key from (select * from ${quoted(relation)} limit ${rowLimit}) as wk_row where ${columns.map((name) => `wk_row.${quoteIdent(name)} is not null`).join(" and ")} limit 500`,
  )
  if (error !== undefined) return false
  const told = new Set(rows.map(({ key }) => String(key)))
  return keys.filter((own) => own.some((key) => told.has(key))).length > 1
}
