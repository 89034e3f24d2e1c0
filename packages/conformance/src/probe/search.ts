import { quoteIdent } from "@wardkeep/core"
import { quoted, type Relation } from "../catalog/relation.js"
import type { ServerError } from "../database/outcome.js"
import type { Scene } from "../run/check.js"
import { hidden } from "./hidden.js"
import { ownTexts } from "./own-words.js"
import type { Pair } from "./pair.js"
import { type Hit, hashOf, isOnlyTheirsOnce, type Word, wordsOf } from "./words.js"

/** Rows that are read back; what has more is searched by the server as well, whose answer is one row. */
const readLimit = 2000
/** In one pass over the relation, within the time that a statement has. */
const wordsAtOnce = 24

export interface Search {
  readonly error: ServerError | undefined
  readonly found: { readonly hit: Hit; readonly attack: string } | undefined
}

/** What makes a text of rows the victim's. */
export interface Rule {
  readonly inRows: (rows: readonly string[]) => Promise<Hit | undefined>
  /** A word alone may stand there by chance: something else of its row must stand beside it. */
  readonly copiesOnly: boolean
  /** Texts whose own words are nobody's: of what shows or writes the rows. */
  readonly source: string
}

/** Looks through everything that the attacker is shown of a relation for what only the victim has. */
export async function search(scene: Scene, pair: Pair, relation: Relation, rule: Rule): Promise<Search> {
  const attack = `select ${await shownOf(scene, pair, relation)}::text as row from ${quoted(relation)} as wk_row limit ${readLimit}`
  const { rows, error } = await pair.attacker.act(async (tx) => await tx.attempt(attack))
  if (error !== undefined) return { error, found: undefined }
  const hit = await rule.inRows(rows.map(({ row }) => String(row)))
  if (hit !== undefined) return { error, found: { hit, attack } }
  return rows.length < readLimit ? { error, found: undefined } : await beyond(scene, pair, relation, rule)
}

/** Who may read some columns alone is refused the whole row. */
export async function shownOf(scene: Scene, { attacker }: Pair, relation: Relation): Promise<string> {
  const { select } = await scene.rights.of(attacker, relation)
  if (select.length === 0 || select.length === relation.columns.length) return "wk_row"
  return `row(${select.map((name) => `wk_row.${quoteIdent(name)}`).join(", ")})`
}

async function beyond(scene: Scene, pair: Pair, relation: Relation, { copiesOnly, source }: Rule): Promise<Search> {
  const words = await chosen(scene, pair, copiesOnly, source)
  if (words.length === 0) return { error: undefined, found: undefined }
  const tests = words.map((word) => stands(word, copiesOnly))
  const which = tests.map((test, i) => `when ${test} then ${i}`).join(" ")
  // The row is made text once, not once for every word.
  const rows = `select ${await shownOf(scene, pair, relation)}::text as row from ${quoted(relation)} as wk_row offset 0`
  const attack = `select case ${which} end as word from (${rows}) as q where ${tests.join(" or ")} limit 1`
  const { rows: answer, error } = await pair.attacker.act(async (tx) => await tx.attempt(attack))
  const word = words[Number(answer[0]?.word ?? -1)]
  if (word === undefined) return { error, found: undefined }
  return { error, found: { hit: { isCopy: copiesOnly, place: word.place, hash: hashOf(word.text) }, attack } }
}

function stands({ text, place, beside }: Word, copiesOnly: boolean): string {
  const has = (value: string, what: string): string => `strpos(q.row, ${hidden(value, what)}) > 0`
  if (!copiesOnly) return has(text, place)
  const others = beside.slice(0, 4).map((other) => has(other, `the same row as ${place}`))
  return `(${has(text, place)} and (${others.join(" or ")}))`
}

/** From every table in turn, so that the first one does not take all the places. */
async function chosen(scene: Scene, pair: Pair, copiesOnly: boolean, source: string): Promise<Word[]> {
  const own = (await ownTexts(scene, pair, source)).map((text) => text.toLowerCase())
  const usable = (await wordsOf(scene, pair))
    .filter(({ beside }) => !copiesOnly || beside.length > 0)
    .filter(({ text }) => !own.some((one) => one.includes(text.toLowerCase())))
  const places = [...new Set(usable.map(({ place }) => place))]
  const lists = places.map((place) => usable.filter((word) => word.place === place))
  const words: Word[] = []
  for (let turn = 0; words.length < wordsAtOnce && lists.some((list) => turn < list.length); turn++) {
    for (const list of lists) {
      const word = list[turn]
      if (word === undefined || words.length === wordsAtOnce) continue
      if (await isOnlyTheirsOnce(scene, pair, word)) words.push(word)
    }
  }
  return words
}
