import { labelOf, type Relation } from "../../catalog/relation.js"
import { aims } from "../../probe/aim.js"
import { numberOf } from "../../probe/facts.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import type { Pair } from "../../probe/pair.js"
import { countRows } from "../../probe/reach.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC034",
  title: "A prepared statement keeps the context in which it was planned",
  severity: "leak",
  cwe: "CWE-524",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => {
    if (
      scene.pairs.length > 0 &&
      scene.pairs.every(({ attacker, victim }) => attacker.connection !== victim.connection)
    ) {
      return record.notApplicable("no two tenants share a login, so none meets another's prepared statements")
    }
    await onEveryTable(scene, record, reuse)
  },
})

const forms = ["force_generic_plan", "force_custom_plan"]

/** The victim's request prepares, the attacker's executes on the same connection, as behind a pool. */
async function reuse({ record, relation, label, attacker, victim, theirs }: Ground): Promise<void> {
  const where = aims(relation, victim, theirs)[0]
  if (theirs.count === 0 || where === undefined || attacker.connection !== victim.connection) return
  const query = countRows(relation, where)
  const pair = { attacker, victim }
  for (const form of forms) {
    const first = [`set local plan_cache_mode = ${form}`, `prepare wk_plan as ${query}`]
    const { planned, reused, fresh } = (await inOne(pair, first, query)) ?? (await inTurn(pair, first, query))
    if (planned === 0) continue
    if (reused === undefined) {
      record.leftOut(label, "the statement that one tenant prepared was not there for the next one, as behind a pooler")
      continue
    }
    record.probe(label)
    record.control()
    if (reused === 0 || fresh > 0) continue
    record.found({
      object: label,
      message: `A statement prepared by tenant ${victim.name} shows its rows to tenant ${attacker.name}, who comes next on the same connection.`,
      evidence: `${reused} rows of tenant ${victim.name} from the prepared statement (${form}), none from the same text sent anew`,
      replay:
        attacker.whyApart(victim) === undefined
          ? victim.replay(...first, execute, ...attacker.takingOver(victim), execute)
          : [victim.replay(...first, execute), attacker.replay(execute)].join("\n"),
      fix: `Mark every function that the policies of ${name(relation)} call STABLE, not IMMUTABLE, if it reads a setting, a role or a table.`,
    })
  }
}

interface Seen {
  readonly planned: number
  /** Undefined where the statement could not be executed. */
  readonly reused: number | undefined
  readonly fresh: number
}

const execute = "execute wk_plan"

/** Undefined where no transaction is both tenants'. */
async function inOne({ attacker, victim }: Pair, first: readonly string[], query: string): Promise<Seen | undefined> {
  if (attacker.whyApart(victim) !== undefined) return undefined
  return await victim.act(async (tx) => {
    for (const statement of first) await tx.keep(statement)
    const planned = numberOf((await tx.keep(execute)).rows)
    const entered = await attacker.takeOver(tx, victim)
    const reused = entered ? numberOf((await tx.attempt(execute)).rows) : undefined
    const fresh = entered ? numberOf((await tx.attempt(query)).rows) : 0
    // It would outlive the rollback.
    await tx.attempt("deallocate wk_plan")
    return { planned, reused, fresh }
  })
}

/** In two transactions, because a prepared statement outlives the first one's rollback. */
async function inTurn({ attacker, victim }: Pair, first: readonly string[], query: string): Promise<Seen> {
  const planned = await victim.act(async (tx) => {
    for (const statement of first) await tx.keep(statement)
    return numberOf((await tx.attempt(execute)).rows)
  })
  return await attacker.act(async (tx) => {
    const again = await tx.attempt(execute)
    const fresh = numberOf((await tx.attempt(query)).rows)
    await tx.attempt("deallocate wk_plan")
    return { planned, reused: again.error === undefined ? numberOf(again.rows) : undefined, fresh }
  })
}

const name = (relation: Relation): string => labelOf(relation)
