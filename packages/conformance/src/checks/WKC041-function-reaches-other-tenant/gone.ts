import { labelOf } from "../../catalog/relation.js"
import { hidden } from "../../probe/hidden.js"
import type { Pair } from "../../probe/pair.js"
import type { Planted } from "../../probe/plant.js"
import { policyFunctions } from "../../probe/policy-parts.js"
import { aimedArguments, callText, signature } from "../../probe/routine.js"
import { wordsOf } from "../../probe/words.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { fixFor, oracleCvss, replayOf } from "./judging.js"
import type { Answers, Question } from "./planted-once.js"
import type { StillOpen } from "./written.js"

/**
 * What skips over the rows of others, such as the next free hour of a doctor of several clinics, may answer the same
 * whatever the victim adds, and not once its rows are gone.
 */
export async function goneQuestion(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  { one, isTold }: StillOpen,
): Promise<Question | undefined> {
  const isFound = record.findings.some(({ object }) => object === labelOf(one))
  if (!one.definer || one.procedure || isTold || isFound || pair.attacker.whyApart(pair.victim) !== undefined)
    return undefined
  // A policy that calls it needs it to answer about anybody.
  if ((await policyFunctions(scene)).some(({ schema, name }) => schema === one.schema && name === one.name))
    return undefined
  const words = (await wordsOf(scene, pair)).slice(0, 3)
  const asked = words.map(({ relation, column, text }) => hidden(text, `${labelOf(relation)}.${column}`))
  const lists = one.arguments.every(({ optional }) => optional) ? [[]] : await aimedArguments(scene, one, pair, asked)
  return { one, attacks: [...new Set(lists.map((list) => callText(one, list)))] }
}

/** The first answer that is another one while the victim's rows are gone. */
export function judgeGone(
  record: CheckRecord,
  { attacker, victim }: Pair,
  { one, planted, answers }: { readonly one: Question["one"]; readonly planted: Planted; readonly answers: Answers },
): void {
  const { before, now, after, attacks } = answers
  if (now === undefined) return
  record.probe(labelOf(one))
  const attack = attacks.find((_, at) => {
    const [was, is, same] = [before[at]?.hash, now[at]?.hash, after[at]?.hash]
    return was !== undefined && is !== undefined && was === same && was !== is
  })
  if (attack === undefined) return
  record.found({
    object: labelOf(one),
    message: `${signature(one)} tells tenant ${attacker.name} of the rows of tenant ${victim.name}.`,
    evidence: `its answer is another one once tenant ${victim.name} has deleted its rows`,
    replay: replayOf({ attacker, victim }, attack, planted.statements),
    fix: fixFor(one, attacker),
    severity: "oracle",
    cvss: oracleCvss,
  })
}
