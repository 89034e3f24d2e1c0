import type { Relation } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { holdsTenants } from "./ground.js"
import { reached } from "./reach.js"

const known = new WeakMap<Scene["facts"], Map<string, Promise<boolean>>>()

/** Whether a tenant sees rows of its own there: only then does it say something that nobody else sees them. Asked once. */
export async function seesOwn(scene: Scene, actor: Actor, relation: Relation): Promise<boolean> {
  const book = known.get(scene.facts) ?? new Map<string, Promise<boolean>>()
  known.set(scene.facts, book)
  const id = `${relation.oid} ${actor.name}`
  const pair = { attacker: actor, victim: actor }
  const seen = book.get(id) ?? actor.look(async (tx) => (await reached(scene, tx, pair, [relation])) !== undefined)
  book.set(id, seen)
  return await seen
}

/** Whether a tenant sees rows of its own anywhere: its context works, and a refusal elsewhere is one of privileges. */
export async function seesAnything(scene: Scene, actor: Actor): Promise<boolean> {
  for (const relation of scene.catalog.relations.filter(holdsTenants)) {
    if (await seesOwn(scene, actor, relation)) return true
  }
  return false
}
