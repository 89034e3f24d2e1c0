import { labelOf } from "../../catalog/relation.js"
import { rolledBack } from "../../database/transaction.js"
import type { Routine } from "../../probe/argument.js"
import { roleStatements } from "../../probe/context-state.js"
import { toldBeyondAsked } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { aimedArguments, callText, signature } from "../../probe/routine.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { fixFor } from "./judging.js"

const most = 12

/**
 * The same questions in nobody's context, after a tenant's transaction has ended: a guard that compares with a missing
 * context compares with NULL, and IF takes that for a no.
 */
export async function toldToNobody(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  one: Routine,
  words: readonly string[],
): Promise<boolean> {
  const { attacker, victim } = pair
  const { settings, statements } = attacker.tenant.connect
  const isTold = Object.keys(settings).length > 0 || statements.length > 0
  if (!one.definer || !isTold || one.procedure || one.arguments.length === 0) return false
  const calls = (await aimedArguments(scene, one, pair, words)).slice(0, most)
  return await rolledBack(attacker.connection, async (tx) => {
    const enter = roleStatements(attacker)
    for (const statement of enter) if ((await tx.keep(statement)).error !== undefined) return false
    for (const values of calls) {
      const attack = callText(one, values)
      const outcome = await tx.attempt(attack)
      record.probe(labelOf(one))
      const hit = await toldBeyondAsked(scene, pair, one.source, attack, outcome)
      if (hit === undefined) continue
      const lines = [...enter, attack].map((statement) => `${statement};`)
      record.found({
        object: labelOf(one),
        message: `${signature(one)} shows a session that is in nobody's context what belongs to tenant ${victim.name}.`,
        evidence: `without any context it answered with a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`,
        replay: [`-- connected as ${attacker.login}`, "begin;", ...lines, "rollback;"].join("\n"),
        fix: `Let it refuse a missing and an empty context first, and compare with IS DISTINCT FROM. ${fixFor(one, attacker)}`,
      })
      return true
    }
    return false
  })
}
