import { quoted, type Relation } from "../catalog/relation.js"
import type { Transaction } from "../database/transaction.js"
import type { Scene } from "../run/check.js"
import { aimed } from "./aim.js"
import { numberOf } from "./facts.js"
import type { Pair } from "./pair.js"

export interface Reached {
  readonly relation: Relation
  readonly count: number
  readonly attack: string
}

export const countRows = (relation: Relation, where: string): string =>
  `select count(*) from (select from ${quoted(relation)} as wk_row where ${where} limit 1000) as q`

/** The first of these tables in which the victim's rows are seen, whatever the transaction did before. */
export async function reached(
  scene: Scene,
  tx: Transaction,
  { victim }: Pair,
  relations: readonly Relation[],
): Promise<Reached | undefined> {
  for (const relation of relations) {
    const theirs = await scene.facts.owned(relation, victim)
    if (theirs.count === 0) continue
    const { seen, attack } = await aimed(tx, relation, victim, theirs, countRows)
    const count = numberOf(seen.rows)
    if (count > 0) return { relation, count, attack }
  }
  return undefined
}

/** Those in which nothing of the victim's is seen without any trick. */
export async function closedTables(scene: Scene, pair: Pair, relations: readonly Relation[]): Promise<Relation[]> {
  return await pair.attacker.act(async (tx) => {
    const closed: Relation[] = []
    for (const relation of relations) {
      const open = await reached(scene, tx, pair, [relation])
      if (open === undefined) closed.push(relation)
    }
    return closed
  })
}
