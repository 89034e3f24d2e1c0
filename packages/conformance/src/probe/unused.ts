import { isTable, quoted } from "../catalog/relation.js"
import type { Scene } from "../run/check.js"
import { manyRows } from "./only-theirs.js"
import { names } from "./policy-parts.js"

/**
 * Those of these values that nobody has in the tables that the source names, however they are spaced and in whatever case: of all
 * tables where it builds statements from text. Undefined where that cannot be known.
 */
export async function unused(
  { catalog, facts }: Scene,
  source: string,
  values: readonly string[],
): Promise<string[] | undefined> {
  const isBuilt = /\bexecute\b/i.test(source)
  const tables = catalog.relations.filter((one) => isTable(one) && (isBuilt || names(source, one.name)))
  if (tables.some(({ tuples }) => tuples > manyRows)) return undefined
  const most = Math.max(0, ...values.map(({ length }) => length))
  const asked = [...new Set(values.map(bare))]
  const taken = new Set<string>()
  for (const table of tables) {
    const { rows, error } = await facts.ask(
      `select distinct ${bareSql} as value from ${quoted(table)} as wk_row, pg_catalog.jsonb_each_text(pg_catalog.to_jsonb(wk_row)) as e where length(e.value) <= ${2 * most} and ${bareSql} = any ($1)`,
      [asked],
      "5s",
    )
    if (error !== undefined) return undefined
    for (const { value } of rows) taken.add(String(value))
  }
  return values.filter((value) => !taken.has(bare(value)))
}

const bare = (text: string): string => text.toLowerCase().replace(/[ ()./_-]/g, "")

const bareSql = "pg_catalog.lower(pg_catalog.translate(e.value, ' ()./_-', ''))"
