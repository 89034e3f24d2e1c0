import { quoteLiteral } from "@wardkeep/core"
import { labelOf } from "../../catalog/relation.js"
import { eachInTurn } from "../../database/each-in-turn.js"
import type { Routine } from "../../probe/argument.js"
import type { Pair } from "../../probe/pair.js"
import type { Planted } from "../../probe/plant.js"
import { aimedArguments, callText, signature } from "../../probe/routine.js"
import { sayUnplanted } from "../../probe/unplanted.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { fixFor, oracleCvss, readBy, replayOf } from "./judging.js"
import type { Answer, Answers, Question } from "./planted-once.js"

/**
 * An answer that changes when the victim writes tells of the victim; where it is asked with the word that is written, of
 * people. Undefined where it is not asked so.
 */
export async function tellsQuestion(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  one: Routine,
  prefix: string,
): Promise<Question | undefined> {
  const { attacker, victim } = pair
  if (one.procedure || one.arguments.length === 0) return undefined
  const apart = attacker.whyApart(victim)
  if (apart !== undefined) {
    if (one.definer) {
      record.leftOut(
        signature(one),
        `whether its answers change with another tenant's rows was not tried, because ${apart}`,
      )
    }
    return undefined
  }
  const words = [0, 1, 2, 3, 4, 5].map((place) => `${prefix}${place}`)
  const lists = (
    await eachInTurn(words, async (word) => await aimedArguments(scene, one, pair, [quoteLiteral(word)]))
  ).flat()
  const takesWords = one.arguments.some(({ category }) => category === "S")
  const isEmpty = (list: readonly string[]): boolean => list.every((value) => /^(null|'%?')::/.test(value))
  const asked = takesWords ? lists.filter((list) => list.join().includes(prefix) || isEmpty(list)) : lists
  return { one, attacks: [...new Set(asked.map((list) => callText(one, list)))] }
}

/** Resolves with whether it was reported. */
export async function judgeTells(
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  { one, planted, answers }: { readonly one: Routine; readonly planted: Planted; readonly answers: Answers },
): Promise<boolean> {
  const { statements, without, prefix } = planted
  await sayUnplanted(scene, record, { victim }, readBy(one, without))
  const { before, now, after, attacks } = answers
  if (now === undefined) return false
  record.probe(labelOf(one))
  const changed = (place: number): boolean => {
    const [was, is, same] = [before[place]?.hash, now[place]?.hash, after[place]?.hash]
    return was !== undefined && is !== undefined && was === same && was !== is
  }
  const places = attacks.flatMap((_, place) => (changed(place) ? [place] : []))
  const shows = places.find((place) => isShownBy(now[place], attacks[place] ?? "", one, prefix))
  const attack = attacks[shows ?? places[0] ?? -1]
  if (attack === undefined) return false
  record.found({
    object: labelOf(one),
    message: `${signature(one)} tells tenant ${attacker.name} ${attack.includes(prefix) ? `whether tenant ${victim.name} has a certain word` : `of the rows of tenant ${victim.name}`}.`,
    evidence: `its answer is another one once tenant ${victim.name} has written canaries`,
    replay: replayOf({ attacker, victim }, attack, statements),
    fix: fixFor(one, attacker),
    ...(shows === undefined ? { severity: "oracle", cvss: oracleCvss } : {}),
  })
  return true
}

/** Words that it was not asked with, or an amount or a day without any word. */
const isShownBy = (answer: Answer | undefined, attack: string, { returns }: Routine, prefix: string): boolean =>
  attack.includes(prefix)
    ? (answer?.hasCanary ?? false) && attack.includes(`left('${prefix}`)
    : /^(numeric|date|timestamp|double|real|money)/.test(returns)
