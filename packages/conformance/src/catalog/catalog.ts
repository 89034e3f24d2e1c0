import { WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import type { Connection } from "../database/connection.js"
import { queryText } from "../sql-files.js"
import { keyRow, labelOf, type Relation, relationRow } from "./relation.js"

/** What the catalog says of the target's schemas, read once. */
export interface Catalog {
  readonly relations: readonly Relation[]
  byOid(oid: string): Relation | undefined
  byLabel(label: string): Relation | undefined
}

export async function readCatalog(connection: Connection, schemas: readonly string[]): Promise<Catalog> {
  const rows = await readRows(connection, "relations.sql", relationRow, [schemas.length === 0 ? null : schemas])
  const relations = rows.map((row): Relation => ({ ...row, keys: [], tenancy: { by: "nothing" } }))
  const oids = new Map(relations.map((relation) => [relation.oid, relation]))
  const labels = new Map(relations.map((relation) => [labelOf(relation), relation]))
  const keys = await readRows(connection, "keys.sql", keyRow, [[...oids.keys()]])
  for (const relation of relations) relation.keys = keys.filter((key) => key.relation === relation.oid)
  return { relations, byOid: (oid) => oids.get(oid), byLabel: (label) => labels.get(label) }
}

/** Rows of one of the package's queries, checked against their shape. */
export async function readRows<T>(
  connection: Connection,
  file: string,
  shape: z.ZodType<T>,
  values: readonly unknown[] = [],
): Promise<T[]> {
  const rows = await connection.rowsInTime(`select to_jsonb(q)::text as row from (${queryText(file)}) as q`, values)
  if (rows === undefined) {
    throw new WardkeepError("WK703", {
      message: `${file} was not answered: the server was busy, or a table was locked`,
      hint: "Run it again when no table is being altered.",
    })
  }
  return rows.map(({ row }) => {
    const parsed = shape.safeParse(JSON.parse(String(row)))
    if (parsed.success) return parsed.data
    throw new WardkeepError("WK901", {
      message: `${file} does not answer as expected: ${z.prettifyError(parsed.error)}`,
    })
  })
}
