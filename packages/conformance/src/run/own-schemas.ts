import type { Catalog } from "../catalog/catalog.js"
import { isTable, quoted, type Relation } from "../catalog/relation.js"
import { type SchemaByKey, schemasByKey } from "../catalog/tenancy.js"
import { belongsTo } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Connection } from "../database/connection.js"
import { eachInTurn } from "../database/each-in-turn.js"
import type { Facts } from "../probe/facts.js"
import { queryText } from "../sql-files.js"

/**
 * A schema for each tenant whose tables have a tenant column as well. Where every row says what the schema's name says, no policy
 * asks the column, and nothing outside reads the schema, the schema is what tells tenants apart: a row that says another name there
 * is nobody else's. Views and tables that say no tenant stay what they are: nothing is known of their rows.
 */
export async function settleSchemas(
  { relations }: Catalog,
  facts: Facts,
  reader: Connection,
  actors: readonly Actor[],
): Promise<void> {
  const named = schemasByKey(
    relations,
    actors.flatMap(({ keys }) => keys),
  )
  const columned = named.filter(({ schema }) => {
    const inside = relations.filter((one) => one.schema === schema)
    return inside.some(hasColumn) && !inside.some(({ rls }) => rls)
  })
  if (columned.length === 0) return
  const read = await readElsewhere(
    reader,
    columned.map(({ schema }) => schema),
  )
  const known = await eachInTurn(
    columned,
    async (one) => !read.has(one.schema) && (await holdsOnlyOwn(relations, facts, one)),
  )
  const settled = columned.filter((_, at) => known[at])
  for (const { schema, key, twins } of settled) {
    // One of them that is not settled leaves all of them to their columns.
    const isWhole = named.every((other) => !twins.has(other.schema) || settled.includes(other))
    if (!isWhole) continue
    for (const relation of relations.filter((one) => one.schema === schema && isOfTenants(one)))
      relation.tenancy = { by: "schema", key }
  }
}

const hasColumn = (relation: Relation): boolean => isTable(relation) && relation.tenancy.by === "column"

const isOfTenants = (relation: Relation): boolean =>
  isTable(relation) && ["column", "parent", "child"].includes(relation.tenancy.by)

/** Those that a view or a function of another schema names; all of them where that was not answered. */
async function readElsewhere(reader: Connection, schemas: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await reader.rowsInTime(queryText("schema-readers.sql"), [schemas])
  return new Set(rows === undefined ? schemas : rows.map(({ schema }) => String(schema)))
}

/** At least one row, and none that says another tenant. */
async function holdsOnlyOwn(
  relations: readonly Relation[],
  facts: Facts,
  { schema, key }: SchemaByKey,
): Promise<boolean> {
  let isAny = false
  for (const table of relations.filter((one) => one.schema === schema && hasColumn(one))) {
    const own = belongsTo(table, "wk_row", [key])
    const others = await facts.ask(
      `select from ${quoted(table)} as wk_row where (${own}) is not true limit 1`,
      [],
      "2s",
    )
    if (others.error !== undefined || others.rows.length > 0) return false
    isAny ||= (await facts.ask(`select from ${quoted(table)} as wk_row limit 1`, [], "2s")).rows.length > 0
  }
  return isAny
}
