import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { z } from "zod"
import { type Column, foreignKeys, type Key, primaryKey, quoted, type Relation } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Scene } from "../run/check.js"
import { checkedWords } from "./checked-words.js"
import { tenantTablesIn } from "./only-theirs.js"
import type { Pair } from "./pair.js"
import { openedByItself, statesOf } from "./share.js"

const keyParts = z.array(z.string())

/** Rows of one table that are looked at; where more are addressed, none is taken for it. */
const rowLimit = 100

/** Of some rows of a table, the columns that say in which state they are. */
export interface Addressed {
  /** True for those rows, `wk_row`, as they are before anything is done. */
  readonly rows: string
  readonly states: readonly string[]
}

/**
 * Rows whose state a function may change because the victim addressed them to the attacker: a parcel on its way is booked in by its receiver. A row is
 * addressed where it names the attacker in a column that the text names, and a state that the text names stands; the rows that refer
 * to it go along. By oid. Everything else of such a row, and that it is there, is the victim's.
 *
 * @param source of the function and what it calls
 */
export async function addressedRows(scene: Scene, pair: Pair, source: string): Promise<ReadonlyMap<string, Addressed>> {
  const listed = await checkedWords(scene)
  const tables = tenantTablesIn(scene, source)
  const found = new Map<string, string[]>()
  const add = (table: Relation, names: readonly string[], tuples: string): void =>
    void found.set(table.oid, [...(found.get(table.oid) ?? []), `(${listOf(names)}) in (${tuples})`])
  for (const table of tables) {
    const key = primaryKey(table)
    const opens = key && openedByItself(scene, pair, table, { text: source, listed })
    const tuples = opens && (await tuplesOf(scene, pair, table, key, opens))
    if (key === undefined || tuples === undefined) continue
    add(table, key.columns, tuples)
    for (const child of tables) {
      for (const { parent, columns, parentColumns } of foreignKeys(child)) {
        const refers = key.columns.map((name) => columns[parentColumns?.indexOf(name) ?? -1])
        const isWhole = refers.every((name) => name !== undefined)
        if (parent === table.oid && isWhole) add(child, refers, tuples)
      }
    }
  }
  const statesIn = (oid: string): string[] => {
    const table = scene.catalog.byOid(oid)
    return table === undefined ? [] : statesOf(table, listed).map(({ name }: Column) => name)
  }
  return new Map(
    [...found].map(([oid, rows]) => [oid, { rows: `(${rows.join(" or ")}) is true`, states: statesIn(oid) }]),
  )
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
    `select json_build_array(${texts})::text as key from ${quoted(table)} as wk_row where ${belongsTo(table, "wk_row", victim.keys)} and ${opens} limit ${rowLimit}`,
  )
  if (rows.length === 0 || rows.length === rowLimit) return undefined
  const tuple = (key: unknown): string =>
    keyParts
      .parse(JSON.parse(String(key)))
      .map(quoteLiteral)
      .join(", ")
  return rows.map(({ key }) => `(${tuple(key)})`).join(", ")
}

export const addressedWords = ({ attacker, victim }: Pair): string =>
  `it changes the state of rows of tenant ${victim.name} that name tenant ${attacker.name} as whom they are for; whether that is agreed is for a person to say`
