import type { Routine } from "../../probe/argument.js"
import type { Pair } from "../../probe/pair.js"
import { canaryPrefix, type Planted } from "../../probe/plant.js"
import { concealed, remove } from "../../probe/remove.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { judgeOrdered, orderedQuestion } from "./by-order.js"
import { judgeRow, rowQuestions } from "./by-planted.js"
import { dependsQuestion, judgeDepends } from "./depends.js"
import { goneQuestion, judgeGone } from "./gone.js"
import { isShown } from "./judging.js"
import { firstOf, Pace } from "./pace.js"
import { type Answers, type Asked, askPlanted, type Change, type Question } from "./planted-once.js"
import { judgeTells, tellsQuestion } from "./tells.js"

/** A function of which nothing was shown yet. */
export interface StillOpen {
  readonly one: Routine
  /** Shown to tell of a row that was there before. */
  readonly isTold: boolean
}

interface Questions {
  readonly open: StillOpen
  readonly depends: Question | undefined
  readonly tells: Question | undefined
  readonly ordered: Question | undefined
  readonly rows: readonly Question[]
}

/** Whether their answers change with what the victim writes, all asked while it stands there once. */
export async function whatIsWritten(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  functions: readonly StillOpen[],
  all: readonly Routine[],
): Promise<void> {
  const prefix = canaryPrefix()
  const asked: Questions[] = []
  for (const open of functions) {
    const { one, isTold } = open
    asked.push({
      open,
      depends: await dependsQuestion(record, pair, one),
      tells: await tellsQuestion(scene, record, pair, one, prefix),
      ordered: await orderedQuestion(scene, pair, one),
      rows: isTold ? [] : await rowQuestions(scene, pair, one, all),
    })
  }
  const pace = new Pace()
  for (let left: readonly Questions[] = asked; left.length > 0; ) {
    const some = firstOf(left, (one) => callsOf(questionsOf(one)), pace.room)
    left = left.slice(some.length)
    const questions = some.flatMap(questionsOf)
    if (questions.length === 0) continue
    const together = await askPlanted(scene, pair, questions, prefix)
    pace.took(callsOf(questions), together.lockedMs)
    for (const one of some) {
      await judge(scene, record, pair, one, async (question) => await byItself(scene, pair, question, together, prefix))
    }
  }
  await whatIsGone(scene, record, pair, functions)
}

/** Whether the answers of those that are still open change with what the victim has. */
async function whatIsGone(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  functions: readonly StillOpen[],
): Promise<void> {
  const questions: Question[] = []
  for (const open of functions) {
    const question = await goneQuestion(scene, record, pair, open)
    if (question !== undefined) questions.push(question)
  }
  const tables = questions.length === 0 ? [] : await concealed(scene, pair)
  if (tables.length === 0) return
  const prefix = canaryPrefix()
  const change: Change = async (tx) => await remove(tx, scene, pair, tables, prefix)
  const pace = new Pace()
  for (let left: readonly Question[] = questions; left.length > 0; ) {
    const some = firstOf(left, ({ attacks }) => attacks.length, pace.room)
    left = left.slice(some.length)
    const together = await askPlanted(scene, pair, some, prefix, change)
    pace.took(callsOf(some), together.lockedMs)
    for (const question of some) {
      const own = await byItself(scene, pair, question, together, prefix, change)
      if (own !== undefined) judgeGone(record, pair, { one: question.one, ...own })
    }
  }
}

const callsOf = (questions: readonly Question[]): number =>
  questions.reduce((sum, { attacks }) => sum + attacks.length, 0)

const questionsOf = ({ depends, tells, ordered, rows }: Questions): Question[] =>
  [depends, tells, ordered, ...rows].filter((one) => one !== undefined)

/** What is judged of one question. */
interface Judged {
  readonly planted: Planted
  readonly answers: Answers
}

/** Of one question, whose answers may all move for the same reason. */
const mostByItself = 4

/**
 * An answer that moved is asked for once more, with nothing before it in its transactions, as the replay will ask: what
 * another function, or what the victim's triggers raised, left in the transaction is no tenant's row. What moves in company only has not moved.
 */
async function byItself(
  scene: Scene,
  pair: Pair,
  question: Question,
  { planted, answers }: Asked,
  prefix: string,
  change?: Change,
): Promise<Judged | undefined> {
  const together = answers.get(question)
  if (together === undefined) return undefined
  const alone = question.found
    ? moved(together)
        .slice(0, 1)
        .map(() => question)
    : moved(together).map((place) => ({ one: question.one, attacks: together.attacks.slice(place, place + 1) }))
  for (const single of alone.slice(0, mostByItself)) {
    const again = await askPlanted(scene, pair, [single], prefix, change, true)
    const own = again.answers.get(single)
    if (own !== undefined && moved(own).length > 0) return { planted: again.planted, answers: own }
  }
  return { planted, answers: together.now === undefined ? together : { ...together, now: together.after } }
}

/** Places of the answers that are others while the canaries are there, and the same before and after. */
function moved({ before, now = [], after }: Answers): number[] {
  return now.flatMap(({ hash }, at) => {
    const [was, same] = [before[at] ?? after[at], after[at]]
    const isKnown = hash !== undefined && was?.hash !== undefined
    return isKnown && was.hash === same?.hash && hash !== was.hash ? [at] : []
  })
}

async function judge(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  { open: { one }, depends, tells, ordered, rows }: Questions,
  answerTo: (question: Question) => Promise<Judged | undefined>,
): Promise<void> {
  if (isShown(record, one)) return
  const counted = depends && (await answerTo(depends))
  if (counted !== undefined) await judgeDepends(scene, record, pair, { one, ...counted })
  const words = tells && (await answerTo(tells))
  if (words !== undefined && (await judgeTells(scene, record, pair, { one, ...words }))) return
  const made = ordered && (await answerTo(ordered))
  if (made !== undefined && judgeOrdered(record, pair, { one, ...made })) return
  for (const row of rows) {
    const told = await answerTo(row)
    if (told !== undefined && judgeRow(record, pair, { one, ...told })) return
  }
}
