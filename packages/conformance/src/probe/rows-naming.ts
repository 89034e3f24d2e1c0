import { quoted, type Relation } from "../catalog/relation.js"
import type { Facts } from "./facts.js"

/** Rows with one of these keys in some column, wherever in the table they stand. */
export async function rowsNaming(
  facts: Facts,
  relation: Relation,
  keys: readonly string[],
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { rows } = await facts.ask(
    `select to_jsonb(wk_row)::text as row from ${quoted(relation)} as wk_row where exists (select from jsonb_each_text(to_jsonb(wk_row)) as one where one.value = any ($1)) limit 50`,
    [[...keys]],
  )
  return rows.map(({ row }) => JSON.parse(String(row)))
}
