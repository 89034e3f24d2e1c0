import type { Catalog } from "../catalog/catalog.js"
import { isTable, quoted } from "../catalog/relation.js"
import { tenantOf } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import { aimed } from "../probe/aim.js"
import { numberOf } from "../probe/facts.js"
import { holdsTenants } from "../probe/ground.js"
import type { Scene } from "./check.js"

/** The tenant's own key, from the one value that it sees, where the target does not say. */
export async function findKeys(catalog: Catalog, actors: readonly Actor[]): Promise<void> {
  const tables = catalog.relations.filter((relation) => isTable(relation) && relation.tenancy.by === "column")
  for (const actor of actors) {
    if (actor.keys.length > 0) continue
    for (const table of tables) {
      const whose = tenantOf(table, "wk_row")
      const { rows } = await actor.act(
        async (tx) =>
          await tx.attempt(
            `select distinct ${whose} as key from ${quoted(table)} as wk_row where ${whose} is not null limit 2`,
          ),
      )
      if (rows.length !== 1) continue
      actor.keys = [String(rows[0]?.key)]
      break
    }
  }
}

/** Why this run cannot be a pass whatever is not found. */
export async function obstaclesOf(scene: Scene): Promise<string[]> {
  const { actors, pairs } = scene
  const reasons: string[] = []
  if (actors.length < 2) {
    reasons.push("the target names fewer than two tenants; add a second one, or nothing can be another tenant's")
  }
  for (const { name, keys } of actors) {
    if (keys.length === 0) reasons.push(`the key of tenant ${name} is not in the target and could not be found out`)
  }
  if (actors.length >= 2 && pairs.length === 0) reasons.push("no two tenants of the target have different keys")
  for (const actor of actors) {
    if (actor.keys.length > 0 && !(await seesItself(scene, actor))) {
      reasons.push(
        `tenant ${actor.name} was not seen to reach any row of its own: check its connect in the target, the grants of ${actor.login}, and that it has rows`,
      )
    }
  }
  return reasons
}

/** The positive control of a whole context: some row that is there is seen by its tenant. */
async function seesItself({ catalog, facts }: Scene, actor: Actor): Promise<boolean> {
  for (const relation of catalog.relations) {
    if (!holdsTenants(relation)) continue
    const mine = await facts.owned(relation, actor)
    if (mine.count === 0) continue
    const { seen } = await actor.act(
      async (tx) =>
        await aimed(
          tx,
          relation,
          actor,
          mine,
          (table, where) => `select count(*) from ${quoted(table)} as wk_row where ${where}`,
        ),
    )
    if (numberOf(seen.rows) > 0) return true
  }
  return false
}
