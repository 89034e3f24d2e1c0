import { labelOf } from "../../catalog/relation.js"
import { visibleText } from "../../database/outcome.js"
import type { Routine } from "../../probe/argument.js"
import type { Pair } from "../../probe/pair.js"
import type { Planted } from "../../probe/plant.js"
import { callText, signature } from "../../probe/routine.js"
import { sayUnplanted } from "../../probe/unplanted.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { readBy, replayOf, report } from "./judging.js"
import type { Answers, Question } from "./planted-once.js"

/** A function without arguments whose answer moves with the victim's rows counts them. Undefined where it is not asked so. */
export async function dependsQuestion(
  record: CheckRecord,
  { attacker, victim }: Pair,
  one: Routine,
): Promise<Question | undefined> {
  if (one.procedure || one.arguments.some(({ optional }) => !optional)) return undefined
  const attack = callText(one, [])
  const apart = attacker.whyApart(victim)
  if (apart === undefined) return { one, attacks: [attack] }
  await compareToday(record, { attacker, victim }, one, attack, apart)
  return undefined
}

export async function judgeDepends(
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  { one, planted, answers }: { readonly one: Routine; readonly planted: Planted; readonly answers: Answers },
): Promise<void> {
  const { statements, without } = planted
  const [attack = ""] = answers.attacks
  const [was, same] = [answers.before[0]?.hash, answers.after[0]?.hash]
  if (was === undefined || was !== same) return
  const unseen = readBy(one, without)
  await sayUnplanted(scene, record, { victim }, unseen)
  if (unseen.length > 0) {
    await compareToday(record, { attacker, victim }, one, attack, "nothing could be planted in what it reads")
  }
  if (answers.now === undefined) return
  record.probe(labelOf(one))
  const now = answers.now[0]?.hash
  if (now === undefined || now === was) return
  report(
    record,
    one,
    { attacker, victim },
    `what it answers tenant ${attacker.name} changes with the rows of tenant ${victim.name}`,
    replayOf({ attacker, victim }, attack, statements),
  )
}

/** Where no row can be planted for the other one to ask about, what a function without arguments answers each: the same may be of both. */
async function compareToday(
  record: CheckRecord,
  { attacker, victim }: Pair,
  one: Routine,
  attack: string,
  why: string,
): Promise<void> {
  if (!one.definer || one.returns === "void") return
  const [ours, theirs] = [
    await attacker.look(async (tx) => await tx.attempt(attack)),
    await victim.look(async (tx) => await tx.attempt(attack)),
  ]
  // A refusal shows nothing.
  if (ours.error !== undefined || ours.count === 0) return
  if (visibleText(ours) === visibleText(theirs)) {
    record.notTried(
      signature(one),
      `both tenants get the same answer, and whether it changes with what one of them writes was not tried, because ${why}`,
    )
  } else {
    record.leftOut(
      signature(one),
      `whether its answers change with another tenant's rows was not tried, because ${why}`,
    )
  }
}
