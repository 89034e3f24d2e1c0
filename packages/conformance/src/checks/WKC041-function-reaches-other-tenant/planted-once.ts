import { createHash } from "node:crypto"
import { labelOf } from "../../catalog/relation.js"
import { answerText } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import type { Routine } from "../../probe/argument.js"
import type { Pair } from "../../probe/pair.js"
import { canaryPrefix, type Planted, plant } from "../../probe/plant.js"
import type { Scene } from "../../run/check.js"

/** What a function is asked while the victim's canaries are there, and without them. */
export interface Question {
  readonly one: Routine
  /** Asked before the victim writes as well. */
  readonly attacks: readonly string[]
  /** More of them, made of what the victim has just written; `tx` is the victim's. */
  readonly found?: (tx: Transaction, planted: Planted) => Promise<readonly string[]>
}

/** Not the answer itself: those of all functions together may be more than there is room for. */
export interface Answer {
  /** Undefined where the server neither did nor refused it. */
  readonly hash: string | undefined
  readonly isRefused: boolean
  readonly hasCanary: boolean
}

/** The answers to one question. */
export interface Answers {
  readonly attacks: readonly string[]
  readonly before: readonly Answer[]
  /** Undefined where nothing could be written, or no transaction goes on as the attacker's. */
  readonly now: readonly Answer[] | undefined
  /** When the canaries are gone: an answer that is not as before by then moves by itself. */
  readonly after: readonly Answer[]
}

export interface Asked {
  readonly planted: Planted
  readonly answers: ReadonlyMap<Question, Answers>
}

/**
 * The victim writes once for all questions: to change a row costs its indexes, its triggers and a dead row, so once for
 * each function took most of the time that there was.
 */
export async function askPlanted(
  scene: Scene,
  { attacker, victim }: Pair,
  questions: readonly Question[],
  prefix: string = canaryPrefix(),
): Promise<Asked> {
  const ask = async (attacks: readonly string[]): Promise<Answer[]> =>
    attacks.length === 0 ? [] : await attacker.act(async (tx) => await askAll(tx, attacks, prefix))
  const before = new Map<Question, Answer[]>()
  for (const question of questions) {
    scene.step(labelOf(question.one))
    before.set(question, await ask(question.attacks))
  }
  const { planted, now } = await victim.act(
    async (tx) => await whilePlanted(tx, scene, { attacker, victim }, questions, prefix),
  )
  const answers = new Map<Question, Answers>()
  for (const question of questions) {
    scene.step(labelOf(question.one))
    const asked = now?.get(question)
    const attacks = asked?.attacks ?? question.attacks
    answers.set(question, {
      attacks,
      before: before.get(question) ?? [],
      now: asked?.answers,
      after: await ask(attacks),
    })
  }
  return { planted, answers }
}

type Now = Map<Question, { readonly attacks: readonly string[]; readonly answers: readonly Answer[] }>

async function whilePlanted(
  tx: Transaction,
  scene: Scene,
  { attacker, victim }: Pair,
  questions: readonly Question[],
  prefix: string,
): Promise<{ readonly planted: Planted; readonly now: Now | undefined }> {
  scene.step("")
  const planted = await plant(tx, scene, victim, prefix)
  if (planted.tables.size === 0) return { planted, now: undefined }
  const found = new Map<Question, readonly string[]>()
  for (const question of questions) {
    scene.step(labelOf(question.one))
    found.set(question, (await question.found?.(tx, planted)) ?? [])
  }
  if (!(await attacker.takeOver(tx, victim))) return { planted, now: undefined }
  const now: Now = new Map()
  for (const question of questions) {
    scene.step(labelOf(question.one))
    const attacks = [...question.attacks, ...(found.get(question) ?? [])]
    now.set(question, { attacks, answers: await askAll(tx, attacks, prefix) })
  }
  return { planted, now }
}

/** Each undone at once. */
async function askAll(tx: Transaction, attacks: readonly string[], prefix: string): Promise<Answer[]> {
  const answers: Answer[] = []
  for (const attack of attacks) {
    const outcome = await tx.attempt(attack)
    const text = answerText(outcome)
    answers.push({
      hash: text === undefined ? undefined : createHash("sha256").update(text).digest("base64"),
      isRefused: outcome.error !== undefined,
      hasCanary: text?.includes(prefix) ?? false,
    })
  }
  return answers
}
