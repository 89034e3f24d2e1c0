import { z } from "zod"
import { readRows } from "../catalog/catalog.js"
import type { Connection } from "../database/connection.js"
import type { Scene } from "../run/check.js"

const row = z.object({ relation: z.string(), column: z.string(), words: z.array(z.string()) })

export type CheckedWords = z.output<typeof row>

const known = new WeakMap<Connection, Promise<CheckedWords[]>>()

/** Words that an enum or a CHECK constraint lists for a column: no other word would be accepted there. */
export async function checkedWords({ reader, catalog }: Scene): Promise<CheckedWords[]> {
  const words =
    known.get(reader) ?? readRows(reader, "checked-words.sql", row, [catalog.relations.map(({ oid }) => oid)])
  known.set(reader, words)
  return await words
}
