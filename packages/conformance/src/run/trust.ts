import type { Relation } from "../catalog/relation.js"
import { holdsTenants } from "../probe/ground.js"
import type { Pair } from "../probe/pair.js"
import { closedTables, reached } from "../probe/reach.js"
import type { Scene } from "./check.js"

/**
 * Whether a transaction can go from one tenant's context into another's. Some systems keep the first one on purpose;
 * there, what is seen after the change says nothing, and the probes that need it are left out.
 */
export async function tryTakingOver(scene: Scene): Promise<string[]> {
  const stuck: string[] = []
  for (const pair of scene.pairs) {
    const { attacker, victim } = pair
    if (attacker.connection !== victim.connection || (await changes(scene, pair))) continue
    attacker.cannotFollow(victim)
    victim.cannotFollow(attacker)
    stuck.push(
      `A transaction of tenant ${victim.name} cannot go on as tenant ${attacker.name}, so what one writes and the other sees in the same transaction was not tried.`,
    )
  }
  return stuck
}

async function changes(scene: Scene, pair: Pair): Promise<boolean> {
  const { attacker, victim } = pair
  const tables = scene.catalog.relations.filter(holdsTenants).slice(0, 30)
  const closed = await closedTables(scene, pair, tables)
  const own = await seenBy(scene, pair, tables)
  const stays = await victim.act(async (tx) => {
    return !(await attacker.takeOver(tx, victim)) || (await reached(scene, tx, pair, closed)) !== undefined
  })
  if (stays || own === undefined) return !stays
  return await attacker.act(async (tx) => {
    return (await victim.takeOver(tx, attacker)) && (await reached(scene, tx, pair, [own])) !== undefined
  })
}

/** A table in which the victim sees its own rows. */
async function seenBy(scene: Scene, pair: Pair, tables: readonly Relation[]): Promise<Relation | undefined> {
  return await pair.victim.act(async (tx) => (await reached(scene, tx, pair, tables))?.relation)
}
