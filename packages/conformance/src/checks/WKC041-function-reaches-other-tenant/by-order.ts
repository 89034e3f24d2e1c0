import { labelOf } from "../../catalog/relation.js"
import type { Routine } from "../../probe/argument.js"
import { tenantTablesIn } from "../../probe/only-theirs.js"
import type { Pair } from "../../probe/pair.js"
import type { Planted } from "../../probe/plant.js"
import { policyFunctions } from "../../probe/policy-parts.js"
import { aimedArguments, signature } from "../../probe/routine.js"
import { callWith, staged } from "../../probe/staged.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { fixFor, oracleCvss, replayOf } from "./judging.js"
import type { Answers, Question } from "./planted-once.js"

/** Tables in which a row is made first. */
const tableLimit = 3

/**
 * A function that answers about one's own rows alone, such as a place in a queue, may compare them with everybody's. It has
 * nothing to say of those that are done, so it is asked about a row that was made for it, in the same breath.
 */
export async function orderedQuestion(scene: Scene, pair: Pair, one: Routine): Promise<Question | undefined> {
  const { attacker, victim } = pair
  if (!one.definer || one.procedure || one.arguments.length === 0 || attacker.whyApart(victim) !== undefined)
    return undefined
  // A policy that calls it needs it to answer about anybody.
  if ((await policyFunctions(scene)).some(({ schema, name }) => schema === one.schema && name === one.name))
    return undefined
  const [others = []] = await aimedArguments(scene, one, pair, [])
  const attacks: string[] = []
  for (const table of tenantTablesIn(scene, one.source)) {
    if (attacks.length === tableLimit) break
    const made = await staged(scene, attacker, table, one.source)
    const call = made && callWith(one, made, others)
    if (made !== undefined && call !== undefined) attacks.push([...made.statements, call].join(";\n"))
  }
  return attacks.length === 0 ? undefined : { one, attacks }
}

/** Resolves with whether it was reported. */
export function judgeOrdered(
  record: CheckRecord,
  { attacker, victim }: Pair,
  { one, planted, answers }: { readonly one: Routine; readonly planted: Planted; readonly answers: Answers },
): boolean {
  const { before, now, after, attacks } = answers
  if (now === undefined) return false
  record.probe(labelOf(one))
  if (after.some(({ isRefused }) => !isRefused)) record.control()
  const at = attacks.findIndex((_, place) => {
    const [was, is, same] = [before[place]?.hash, now[place]?.hash, after[place]?.hash]
    return was !== undefined && is !== undefined && was === same && was !== is
  })
  const attack = attacks[at]
  if (attack === undefined) return false
  record.found({
    object: labelOf(one),
    message: `What ${signature(one)} says of a row of tenant ${attacker.name}'s own tells of the rows of tenant ${victim.name}.`,
    evidence: `asked about a row that tenant ${attacker.name} has just made, it gives another answer once tenant ${victim.name} has written rows`,
    replay: replayOf({ attacker, victim }, attack, planted.statements),
    fix: fixFor(one, attacker),
    ...(now[at]?.hasCanary === true ? {} : { severity: "oracle", cvss: oracleCvss }),
  })
  return true
}
