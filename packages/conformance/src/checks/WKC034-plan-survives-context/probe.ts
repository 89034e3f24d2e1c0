import { labelOf, type Relation } from "../../catalog/relation.js"
import { aims } from "../../probe/aim.js"
import { numberOf } from "../../probe/facts.js"
import { type Ground, onEveryTable } from "../../probe/ground.js"
import { countRows } from "../../probe/reach.js"
import { defineProbe } from "../../run/check.js"

export const probe = defineProbe({
  code: "WKC034",
  title: "A prepared statement keeps the context in which it was planned",
  severity: "leak",
  cwe: "CWE-524",
  cvss: "CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:N/A:N",
  run: async (scene, record) => await onEveryTable(scene, record, reuse),
})

const forms = ["force_generic_plan", "force_custom_plan"]

/** The victim's request prepares, the attacker's executes on the same connection, as behind a pool. */
async function reuse({ record, relation, label, attacker, victim, theirs }: Ground): Promise<void> {
  const where = aims(relation, victim, theirs)[0]
  if (theirs.count === 0 || where === undefined || attacker.connection !== victim.connection) return
  const query = countRows(relation, where)
  for (const form of forms) {
    const first = [`set local plan_cache_mode = ${form}`, `prepare wk_plan as ${query}`]
    const { planned, reused, fresh } = await victim.act(async (tx) => {
      for (const statement of first) await tx.keep(statement)
      const before = numberOf((await tx.keep("execute wk_plan")).rows)
      const entered = await attacker.takeOver(tx, victim)
      const after = entered ? numberOf((await tx.attempt("execute wk_plan")).rows) : 0
      const anew = entered ? numberOf((await tx.attempt(query)).rows) : 0
      // It would outlive the rollback.
      await tx.attempt("deallocate wk_plan")
      return { planned: before, reused: after, fresh: anew }
    })
    if (planned === 0) continue
    record.probe(label)
    record.control()
    if (reused === 0 || fresh > 0) continue
    record.found({
      object: label,
      message: `A statement prepared by tenant ${victim.name} shows its rows to tenant ${attacker.name}, who comes next on the same connection.`,
      evidence: `${reused} rows of tenant ${victim.name} from the prepared statement (${form}), none from the same text sent anew`,
      replay: victim.replay(...first, "execute wk_plan", ...attacker.contextStatements(), "execute wk_plan"),
      fix: `Mark every function that the policies of ${name(relation)} call STABLE, not IMMUTABLE, if it reads a setting, a role or a table.`,
    })
  }
}

const name = (relation: Relation): string => labelOf(relation)
