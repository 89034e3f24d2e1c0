import { createHash } from "node:crypto"
import { quoted } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Transaction } from "../database/transaction.js"
import type { Scene } from "../run/check.js"
import { aims } from "./aim.js"
import { holdsTenants } from "./ground.js"

/** A hash of the victim's rows, as it sees them, in the tables that this source names. */
export async function picture(scene: Scene, tx: Transaction, victim: Actor, source: string): Promise<string> {
  const hash = createHash("sha256")
  for (const relation of scene.catalog.relations.filter(holdsTenants)) {
    if (!source.includes(relation.name)) continue
    const where = aims(relation, victim, await scene.facts.owned(relation, victim))[0]
    if (where === undefined) continue
    const { rows } = await tx.attempt(
      `select count(*) as n, md5(string_agg(wk_row::text, '|' order by wk_row::text)) as hash from ${quoted(relation)} as wk_row where ${where}`,
    )
    hash.update(JSON.stringify(rows))
  }
  return hash.digest("hex")
}
