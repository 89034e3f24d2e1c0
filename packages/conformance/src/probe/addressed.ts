import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { type Key, primaryKey, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Scene } from "../run/check.js"
import { checkedWords } from "./checked-words.js"
import { tenantTablesIn } from "./only-theirs.js"
import { ownTexts } from "./own-words.js"
import type { Pair } from "./pair.js"
import { opening } from "./share.js"

/** Rows of one table that are looked at; where more are addressed, none is taken for it. */
const rowLimit = 100

/**
 * What a function may change because the victim addressed it to the attacker: a parcel on its way is booked in by its receiver. A row is
 * addressed where it names the attacker in a column that the text compares, in a state that the text asks for; the rows that refer
 * to it go along. By oid, SQL that is true for every other row, in terms of `wk_row`; as they are before the call.
 *
 * @param source of the function
 */
export async function othersThanAddressed(scene: Scene, pair: Pair, source: string): Promise<Map<string, string>> {
  const asked = (await ownTexts(scene, pair, source)).join("\n")
  const listed = await checkedWords(scene)
  const tables = tenantTablesIn(scene, source)
  const others = new Map<string, string>()
  for (const table of tables) {
    const key = primaryKey(table)
    const opens = key && opening(scene, pair, table, table, { asked, listed })
    if (key === undefined || opens === undefined) continue
    const tuples = await tuplesOf(scene, pair, table, key, opens)
    if (tuples === undefined) continue
    others.set(table.oid, `(${listOf(key.columns)}) not in (${tuples})`)
    for (const child of tables.filter(({ oid }) => !others.has(oid))) {
      const up = child.keys.find(({ kind, parent }) => kind === "f" && parent === table.oid)
      const refers = key.columns.map((name) => up?.columns[up.parentColumns?.indexOf(name) ?? -1])
      if (refers.every((name) => name !== undefined)) others.set(child.oid, `(${listOf(refers)}) not in (${tuples})`)
    }
  }
  return others
}

const listOf = (columns: readonly string[]): string => columns.map((name) => `wk_row.${quoteIdent(name)}`).join(", ")

/** Their keys, as SQL; undefined where there are none. */
async function tuplesOf(
  { facts }: Scene,
  { victim }: Pair,
  table: Relation,
  { columns }: Key,
  opens: string,
): Promise<string | undefined> {
  const texts = columns.map((name) => `wk_row.${quoteIdent(name)}::text`).join(", ")
  const { rows } = await facts.ask(
    `select array[${texts}] as key from ${quoted(table)} as wk_row where ${belongsTo(table, "wk_row", victim.keys)} and ${opens} limit ${rowLimit}`,
  )
  if (rows.length === 0 || rows.length === rowLimit) return undefined
  return rows
    .map(({ key }) => `(${(Array.isArray(key) ? key : []).map((part) => quoteLiteral(String(part))).join(", ")})`)
    .join(", ")
}

export const addressedWords = ({ attacker, victim }: Pair): string =>
  `it changes rows of tenant ${victim.name} that name tenant ${attacker.name} as the one they are for; whether what it changes there is agreed is for a person to say`
