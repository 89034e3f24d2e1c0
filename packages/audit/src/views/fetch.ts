import { quoteIdent, splitName } from "@wardkeep/core"
import type { Ask, ObservedCall } from "@wardkeep/postgres/client"
import type { CatalogMap } from "./catalog-map.js"
import type { ViewedTable } from "./viewed.js"

interface Tables {
  readonly tables: ReadonlyMap<string, ViewedTable>
  mapOf(call: ObservedCall, ask: Ask): Promise<CatalogMap>
}

export interface Fetched {
  readonly subjects: readonly string[]
  /** Every key was found, and is of somebody. */
  readonly complete: boolean
}

/** Whom rows are about that the result names by their key only; undefined where that cannot be asked. */
export async function fetchSubjects(
  relation: string,
  keys: readonly string[],
  recorder: Tables,
  call: ObservedCall,
  ask: Ask,
): Promise<Fetched | undefined> {
  if (keys.length === 0) return undefined
  const text = fetchSql(relation, recorder.tables, await recorder.mapOf(call, ask))
  if (text === undefined) return undefined
  try {
    const rows = await ask.query<{ key: string; subject: string | null }>(text, [keys])
    const found = new Set(rows.map(({ key }) => key))
    // Two branches gave the same key; which of their rows was shown, it does not say.
    if (rows.length > found.size) return { subjects: [], complete: false }
    const subjects = rows.flatMap(({ subject }) => (subject === null ? [] : [subject]))
    const complete = keys.every((key) => found.has(key)) && subjects.length === rows.length
    return { subjects: [...new Set(subjects)], complete }
  } catch {
    // The role may not read the column; then nobody is told whose rows these are.
    return undefined
  }
}

function fetchSql(relation: string, tables: ReadonlyMap<string, ViewedTable>, map: CatalogMap): string | undefined {
  const key = map.keys.get(relation)
  if (key === undefined) return undefined
  const joins: string[] = []
  let at = relation
  let depth = 0
  for (;;) {
    const table = tables.get(at)
    if (table === undefined) return undefined
    if (table.subject !== undefined) break
    const { through } = table
    const parent = through === undefined ? undefined : map.keys.get(through.parent)
    if (through === undefined || parent === undefined) return undefined
    joins.push(
      `join ${qualified(through.parent)} t${depth + 1} on t${depth + 1}.${quoteIdent(parent.column)} = t${depth}.${quoteIdent(through.by)}`,
    )
    at = through.parent
    depth++
  }
  const subject = quoteIdent(tables.get(at)?.subject ?? "")
  const column = quoteIdent(key.column)
  return `select t0.${column}::text as key, t${depth}.${subject}::text as subject from ${qualified(relation)} t0 ${joins.join(" ")} where t0.${column} = any ($1::text[]::${key.type}[])`
}

function qualified(relation: string): string {
  const { schema, name } = splitName(relation, "public")
  return `${quoteIdent(schema)}.${quoteIdent(name)}`
}
