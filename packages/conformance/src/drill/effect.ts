import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { quoted, type Relation } from "../catalog/relation.js"
import { belongsTo } from "../catalog/whose.js"
import type { Actor } from "../database/actor.js"
import type { Outcome } from "../database/outcome.js"
import { rolledBack } from "../database/transaction.js"
import { numberOf } from "../probe/facts.js"
import type { Scene } from "../run/check.js"

/**
 * What tenants can do to one another's rows in one table, in plain statements that share nothing with the checks: it
 * decides whether a mutation changed anything that a check could have noticed.
 */
export async function reachOf(scene: Scene, relation: Relation, shows: string): Promise<Map<string, number>> {
  const reach = new Map<string, number>()
  for (const { attacker, victim } of scene.pairs) {
    const theirs = belongsTo(relation, "t", victim.keys)
    const numbers = await attacker.act(async (tx) => {
      const count = async (sql: string): Promise<number> => (await tx.attempt(sql)).count
      const read = numberOf((await tx.attempt(`select count(*) from ${shows} as t where ${theirs}`)).rows)
      const deleted = await count(`delete from ${quoted(relation)} as t where ${theirs}`)
      const emptied = (await tx.attempt(`truncate ${quoted(relation)}`)).error === undefined ? 1 : 0
      return { read, deleted, emptied, ...(await writes(relation, attacker, victim, (sql) => tx.attempt(sql))) }
    })
    for (const [what, number] of Object.entries(numbers)) reach.set(`${attacker.name} ${victim.name} ${what}`, number)
  }
  for (const actor of scene.actors) reach.set(`${actor.name} unbound`, await withoutContext(scene, actor, shows))
  return reach
}

async function writes(
  relation: Relation,
  attacker: Actor,
  victim: Actor,
  attempt: (sql: string) => Promise<Outcome>,
): Promise<Record<"updated" | "moved" | "inserted", number>> {
  const { tenancy } = relation
  const [key] = victim.keys
  if (tenancy.by !== "column" || tenancy.column.category === "A" || key === undefined) {
    return { updated: 0, moved: 0, inserted: 0 }
  }
  const column = quoteIdent(tenancy.column.name)
  const theirs = belongsTo(relation, "t", victim.keys)
  const mine = belongsTo(relation, "t", attacker.keys)
  const updated = await attempt(`update ${quoted(relation)} as t set ${column} = ${column} where ${theirs}`)
  const moved = await attempt(`update ${quoted(relation)} as t set ${column} = ${quoteLiteral(key)} where ${mine}`)
  const inserted = await attempt(
    `insert into ${quoted(relation)} select (jsonb_populate_record(t, jsonb_build_object(${quoteLiteral(tenancy.column.name)}, ${quoteLiteral(key)}))).* from ${quoted(relation)} as t where ${mine} limit 1`,
  )
  return { updated: updated.count, moved: passed(moved), inserted: passed(inserted) }
}

/** A key that is taken, or a null that is missing, is found after the policy has let the row through. */
function passed({ count, error }: Outcome): number {
  return error === undefined ? count : /^23/.test(error.code) ? 1 : 0
}

async function withoutContext(scene: Scene, actor: Actor, shows: string): Promise<number> {
  const session = await scene.freshSession(actor)
  const { role } = actor.tenant.connect
  try {
    return await rolledBack(session, async (tx) => {
      if (role !== undefined) await tx.keep(`set local role ${quoteIdent(role)}`)
      return numberOf((await tx.attempt(`select count(*) from ${shows} as t`)).rows)
    })
  } finally {
    await session.close()
  }
}

export function grew(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): boolean {
  return [...after].some(([what, number]) => number > (before.get(what) ?? 0))
}
