import { quoted } from "../catalog/relation.js"
import type { Scene } from "../run/check.js"
import type { CheckRecord } from "../run/check-record.js"
import { idOf, readAgreements } from "./agreed.js"
import type { Pair } from "./pair.js"
import type { Word } from "./words.js"

/** Whether a word of the victim's in an answer is no finding. */
export type Excuse = (word: Word, answer: string) => Promise<boolean>

const told = new WeakMap<Scene["catalog"], Map<string, Promise<readonly string[]>>>()

/**
 * What a table shows the attacker as agreed, a view or a function may show it: a letter says the name of whom it is about. Not where the answer says
 * more of the row that the word is of than the letter does.
 *
 * @param label of what answered, for the report
 */
export function excuseOf(scene: Scene, pair: Pair, record: CheckRecord, label: string): Excuse {
  const book = told.get(scene.catalog) ?? new Map<string, Promise<readonly string[]>>()
  told.set(scene.catalog, book)
  return async ({ text, beside }, answer) => {
    const id = JSON.stringify([idOf(pair), text])
    const letters = book.get(id) ?? agreedRowsWith(scene, pair, text)
    book.set(id, letters)
    const said = await letters
    if (said.length === 0) return false
    if (beside.some((other) => answer.includes(other) && !said.some((one) => one.includes(other)))) return false
    record.leftOut(
      label,
      `it shows tenant ${pair.attacker.name} what stands in rows that tenant ${pair.victim.name} itself opened to it`,
    )
    return true
  }
}

async function agreedRowsWith(scene: Scene, pair: Pair, text: string): Promise<readonly string[]> {
  const agreements = (await readAgreements(scene)).get(idOf(pair))
  const found: string[] = []
  for (const [oid, { rows: places }] of agreements ?? []) {
    const table = scene.catalog.byOid(oid)
    if (table === undefined) continue
    const { rows } = await scene.facts.ask(
      `select wk_row::text as row from ${quoted(table)} as wk_row where wk_row.ctid = any ($1::tid[]) and strpos(wk_row::text, $2) > 0`,
      [[...places], text],
    )
    found.push(...rows.map(({ row }) => String(row)))
  }
  return found
}
