import { quoteLiteral } from "@wardkeep/core"
import { labelOf } from "../../catalog/relation.js"
import { answerText } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import type { Routine } from "../../probe/argument.js"
import type { Pair } from "../../probe/pair.js"
import { canaryPrefix, plant } from "../../probe/plant.js"
import { aimedArguments, callText, signature } from "../../probe/routine.js"
import { sayUnplanted } from "../../probe/unplanted.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { fixFor, oracleCvss, readBy } from "./judging.js"

/**
 * An answer that changes when the victim writes tells of the victim; where it is asked with the word that is written, of
 * people. Resolves with whether it was reported.
 */
export async function tells(scene: Scene, record: CheckRecord, pair: Pair, one: Routine): Promise<boolean> {
  const { attacker, victim } = pair
  if (one.procedure) return false
  const apart = attacker.whyApart(victim)
  if (apart !== undefined) {
    if (one.definer) {
      record.leftOut(
        signature(one),
        `whether its answers change with another tenant's rows was not tried, because ${apart}`,
      )
    }
    return false
  }
  const prefix = canaryPrefix()
  const words = [0, 1, 2, 3, 4, 5].map((place) => `${prefix}${place}`)
  const lists = (await Promise.all(words.map((word) => aimedArguments(scene, one, pair, [quoteLiteral(word)])))).flat()
  const takesWords = one.arguments.some(({ category }) => category === "S")
  const isEmpty = (list: readonly string[]): boolean => list.every((value) => /^(null|'%?')::/.test(value))
  const asked = takesWords ? lists.filter((list) => list.join().includes(prefix) || isEmpty(list)) : lists
  const attacks = [...new Set(asked.map((list) => callText(one, list)))]
  const ask = async (tx: Transaction): Promise<(string | undefined)[]> => {
    const answers: (string | undefined)[] = []
    for (const attack of attacks) answers.push(answerText(await tx.attempt(attack)))
    return answers
  }
  const [was, same] = [await attacker.act(ask), await attacker.act(ask)]
  return await victim.act(async (tx) => {
    const { statements, tables, without } = await plant(tx, scene, victim, prefix)
    await sayUnplanted(scene, record, { victim }, readBy(one, without))
    if (tables.size === 0 || !(await attacker.takeOver(tx, victim))) return false
    record.probe(labelOf(one))
    const now = await ask(tx)
    const changed = (place: number): boolean =>
      was[place] !== undefined && was[place] === same[place] && now[place] !== undefined && now[place] !== was[place]
    const attack = attacks.find((_, place) => changed(place))
    if (attack === undefined) return false
    record.found({
      object: labelOf(one),
      message: `${signature(one)} tells tenant ${attacker.name} ${attack.includes(prefix) ? `whether tenant ${victim.name} has a certain word` : `of the rows of tenant ${victim.name}`}.`,
      evidence: `its answer is another one once tenant ${victim.name} has written canaries`,
      replay: attacker.replay(
        attack,
        ...victim.takingOver(attacker),
        ...statements,
        ...attacker.takingOver(victim),
        attack,
      ),
      fix: fixFor(one, attacker),
      severity: "oracle",
      cvss: oracleCvss,
    })
    return true
  })
}
