import { createHash } from "node:crypto"
import { labelOf } from "../../catalog/relation.js"
import { answerText, type Outcome } from "../../database/outcome.js"
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
  /** Of `found` there are none. */
  readonly before: readonly Answer[]
  /** Undefined where nothing could be written, or no transaction goes on as the attacker's. */
  readonly now: readonly Answer[] | undefined
  /** In a transaction like the one with the canaries, without them: an answer that is not as before moves by itself. */
  readonly after: readonly Answer[]
}

export interface Asked {
  readonly planted: Planted
  readonly answers: ReadonlyMap<Question, Answers>
  /** How long the victim's rows were locked. */
  readonly lockedMs: number
}

/** What the victim does between the answers. */
export type Change = (tx: Transaction, prefix: string) => Promise<Planted>

type Attacks = ReadonlyMap<Question, readonly string[]>
type Given = ReadonlyMap<Question, readonly Answer[]>

/** What was asked in one transaction: before the victim wrote as well, then what was made of what it wrote. */
interface Round {
  readonly fixed: Given
  readonly found: Given
}

/**
 * The victim writes once for all questions: to change a row costs its indexes, its triggers and a dead row, so once for
 * each function took most of the time that there was.
 *
 * All three times everything is asked in one transaction and in one order, because an answer depends on what was asked
 * before it: once a PL/pgSQL expression has raised, PostgreSQL evaluates it in another way until the transaction ends,
 * and the CONTEXT of the next error, of any function that calls the same helper, has a line more.
 *
 * @param isLast what is left to tell it is the rows alone: the victim writes each time, and before the two other answers that
 * is undone, since what its triggers raised meanwhile moves a CONTEXT as well
 */
export async function askPlanted(
  scene: Scene,
  { attacker, victim }: Pair,
  questions: readonly Question[],
  prefix: string = canaryPrefix(),
  change: Change = async (tx) => await plant(tx, scene, { attacker, victim }, prefix),
  isLast = false,
): Promise<Asked> {
  const fixed: Attacks = new Map(questions.map((question) => [question, question.attacks]))
  const without = async (found: Attacks): Promise<Round | undefined> =>
    await victim.act(async (tx) => {
      if (isLast) await tx.undone(async () => await change(tx, prefix))
      return await takenOver(tx, scene, { attacker, victim }, fixed, found, prefix)
    })
  const before = isLast
    ? ((await without(new Map()))?.fixed ?? new Map<Question, readonly Answer[]>())
    : await attacker.act(async (tx) => await askEach(tx, scene, fixed, prefix))
  const began = performance.now()
  const { planted, found, now } = await victim.act(
    async (tx) => await whilePlanted(tx, scene, { attacker, victim }, { fixed, prefix, change }),
  )
  const lockedMs = performance.now() - began
  const after: Round | undefined =
    now === undefined
      ? { fixed: await attacker.act(async (tx) => await askEach(tx, scene, fixed, prefix)), found: new Map() }
      : await without(found)
  const answersTo = (question: Question): Answers => {
    const of = (round: Round | undefined): Answer[] =>
      [round?.fixed, round?.found].flatMap((given) => given?.get(question) ?? [])
    return {
      attacks: [...question.attacks, ...(found.get(question) ?? [])],
      before: before.get(question) ?? [],
      now: now && of(now),
      after: of(after),
    }
  }
  return { planted, lockedMs, answers: new Map(questions.map((question) => [question, answersTo(question)])) }
}

async function whilePlanted(
  tx: Transaction,
  scene: Scene,
  pair: Pair,
  { fixed, prefix, change }: { readonly fixed: Attacks; readonly prefix: string; readonly change: Change },
): Promise<{ readonly planted: Planted; readonly found: Attacks; readonly now: Round | undefined }> {
  scene.step("")
  const planted = await change(tx, prefix)
  const found = new Map<Question, readonly string[]>()
  if (planted.tables.size === 0) return { planted, found, now: undefined }
  for (const question of fixed.keys()) {
    scene.step(labelOf(question.one))
    found.set(question, (await question.found?.(tx, planted)) ?? [])
  }
  return { planted, found, now: await takenOver(tx, scene, pair, fixed, found, prefix) }
}

/** In the victim's transaction, as the attacker. */
async function takenOver(
  tx: Transaction,
  scene: Scene,
  { attacker, victim }: Pair,
  fixed: Attacks,
  found: Attacks,
  prefix: string,
): Promise<Round | undefined> {
  if (!(await attacker.takeOver(tx, victim))) return undefined
  return { fixed: await askEach(tx, scene, fixed, prefix), found: await askEach(tx, scene, found, prefix) }
}

/** Each undone at once. */
async function askEach(tx: Transaction, scene: Scene, asked: Attacks, prefix: string): Promise<Given> {
  const given = new Map<Question, Answer[]>()
  for (const [question, attacks] of asked) {
    scene.step(labelOf(question.one))
    const answers: Answer[] = []
    for (const attack of attacks) answers.push(answerOf(await tx.attempt(attack), prefix))
    given.set(question, answers)
  }
  return given
}

function answerOf(outcome: Outcome, prefix: string): Answer {
  const text = answerText(outcome)
  return {
    hash: text === undefined ? undefined : createHash("sha256").update(text).digest("base64"),
    isRefused: outcome.error !== undefined,
    hasCanary: text?.includes(prefix) ?? false,
  }
}
