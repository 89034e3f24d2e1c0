import type { Routine } from "../../probe/argument.js"
import type { Pair } from "../../probe/pair.js"
import { canaryPrefix } from "../../probe/plant.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { judgeRow, rowQuestions } from "./by-planted.js"
import { dependsQuestion, judgeDepends } from "./depends.js"
import { isShown } from "./judging.js"
import { type Answers, type Asked, askPlanted, type Question } from "./planted-once.js"
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
      rows: isTold ? [] : await rowQuestions(scene, pair, one, all),
    })
  }
  const questions = asked.flatMap(questionsOf)
  if (questions.length === 0) return
  const { planted, answers } = await askPlanted(scene, pair, questions, prefix)
  for (const one of asked) {
    const own = questionsOf(one)
    const isMoved = own.some((question) => moves(answers.get(question)))
    // Once more by itself, as the replay will ask it: what another function left in the transaction is no tenant's row.
    const again = isMoved ? await askPlanted(scene, pair, own, prefix) : { planted, answers }
    await judge(scene, record, pair, one, again)
  }
}

const questionsOf = ({ depends, tells, rows }: Questions): Question[] =>
  [depends, tells, ...rows].filter((one) => one !== undefined)

/** An answer is another one while the canaries are there, and the same before and after. */
function moves(answers: Answers | undefined): boolean {
  if (answers?.now === undefined) return false
  const { before, now, after } = answers
  return now.some(({ hash }, at) => {
    const isSteady = before.length === 0 || before[at]?.hash === after[at]?.hash
    return isSteady && hash !== after[at]?.hash
  })
}

async function judge(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  { open: { one }, depends, tells, rows }: Questions,
  { planted, answers }: Asked,
): Promise<void> {
  if (isShown(record, one)) return
  const of = (question: Question | undefined): Answers | undefined => question && answers.get(question)
  const [counted, words] = [of(depends), of(tells)]
  if (counted !== undefined) await judgeDepends(scene, record, pair, { one, planted, answers: counted })
  const isTold = words !== undefined && (await judgeTells(scene, record, pair, { one, planted, answers: words }))
  if (isTold) return
  for (const row of rows) {
    const answer = of(row)
    if (answer !== undefined && judgeRow(record, pair, { one, planted, answers: answer })) return
  }
}
