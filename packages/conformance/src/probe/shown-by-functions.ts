import { labelOf, quoted } from "../catalog/relation.js"
import type { Transaction } from "../database/transaction.js"
import type { Scene } from "../run/check.js"
import type { Routine } from "./argument.js"
import { holdsTenants } from "./ground.js"
import { hidden } from "./hidden.js"
import type { Pair } from "./pair.js"
import type { Picture } from "./picture.js"
import { isOnlyTheirsOnce, wordsOf } from "./words.js"

/** Looks at most, of one function that writes. */
const most = 12

/**
 * Where the victim sees its rows through functions alone: whether those without arguments still show words that only its
 * rows of the tables have that this source names. A count or a place in a queue, which others may move, is not looked at.
 */
export async function shownByFunctions(
  scene: Scene,
  tx: Transaction,
  pair: Pair,
  source: string,
  all: readonly Routine[],
): Promise<Picture> {
  const shown = new Map<string, string>()
  const readers = all.filter(
    (one) => !one.procedure && one.volatility !== "v" && one.arguments.every(({ optional }) => optional),
  )
  if (readers.length === 0 || (await isAddressed(scene, pair, source))) return shown
  for (const word of await wordsOf(scene, pair)) {
    const { relation, column, text } = word
    if (shown.size === most) break
    if (!source.includes(relation.name) || !(await isOnlyTheirsOnce(scene, pair, word))) continue
    for (const one of readers.filter((reader) => reader.source.includes(relation.name))) {
      const word = hidden(text, `${labelOf(relation)}.${column}`)
      const look = `select count(*) as n from ${quoted(one)}() as wk_row where strpos(wk_row::text, ${word}) > 0`
      const { rows, error } = await tx.attempt(look)
      if (error === undefined) shown.set(look, String(rows[0]?.n))
    }
  }
  return shown
}

/** A row of the victim's that names the attacker may be meant for it: what it does with that is agreed. */
async function isAddressed({ catalog, facts }: Scene, pair: Pair, source: string): Promise<boolean> {
  for (const relation of catalog.relations.filter((one) => holdsTenants(one) && source.includes(one.name))) {
    const { rows } = await facts.owned(relation, pair.victim)
    if (rows.some(({ values }) => namesAttacker(pair, values))) return true
  }
  return false
}

export const namesAttacker = ({ attacker }: Pair, values: Readonly<Record<string, unknown>>): boolean =>
  attacker.keys.some(
    (key) => JSON.stringify(values).includes(`"${key}"`) || Object.values(values).map(String).includes(key),
  )
