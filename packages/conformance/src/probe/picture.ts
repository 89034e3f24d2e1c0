import { createHash } from "node:crypto"
import { quoted } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Transaction } from "../database/transaction.js"
import type { Scene } from "../run/check.js"
import { aims } from "./aim.js"
import { holdsTenants } from "./ground.js"
import type { Pair } from "./pair.js"

/** What the victim sees of its own rows: a hash per statement that looks. */
export type Picture = ReadonlyMap<string, string>

/** In the tables that this source names. */
export async function picture(scene: Scene, tx: Transaction, victim: Actor, source: string): Promise<Picture> {
  const seen = new Map<string, string>()
  for (const relation of scene.catalog.relations.filter(holdsTenants)) {
    if (!source.includes(relation.name)) continue
    const where = aims(relation, victim, await scene.facts.owned(relation, victim))[0]
    if (where === undefined) continue
    const look = `select count(*) as n, md5(string_agg(wk_row::text, '|' order by wk_row::text)) as hash from ${quoted(relation)} as wk_row where ${where}`
    const { rows } = await tx.attempt(look)
    seen.set(look, createHash("sha256").update(JSON.stringify(rows)).digest("hex"))
  }
  return seen
}

/** The first statement that shows the victim something else than before. */
export const difference = (before: Picture, after: Picture): string | undefined =>
  [...before.keys()].find((look) => before.get(look) !== after.get(look))

/** The victim looks, the attacker acts, the victim looks again, in one transaction. */
export const lookReplay = ({ attacker, victim }: Pair, look: string, attack: string): string =>
  victim.replay(look, ...attacker.takingOver(victim), attack, ...victim.takingOver(attacker), look)
