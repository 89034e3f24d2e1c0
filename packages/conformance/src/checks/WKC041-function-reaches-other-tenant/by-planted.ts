import { randomInt, randomUUID } from "node:crypto"
import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { labelOf, quoted } from "../../catalog/relation.js"
import type { Transaction } from "../../database/transaction.js"
import type { Argument, Routine } from "../../probe/argument.js"
import { tenantTablesIn } from "../../probe/only-theirs.js"
import type { Pair } from "../../probe/pair.js"
import type { Planted } from "../../probe/plant.js"
import { policyFunctions } from "../../probe/policy-parts.js"
import { callText, signature } from "../../probe/routine.js"
import { keyColumn } from "../../probe/row-keys.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { isRowId, surroundings } from "./by-row.js"
import { fixFor, oracleCvss, replayOf, sourceOf } from "./judging.js"
import type { Answers, Question } from "./planted-once.js"

/** Rows of each table that are asked about. */
const rowLimit = 3

/**
 * Where every tenant numbers its rows from one, no number is the victim's alone. So a function with its owner's rights is
 * asked about a row that the victim has just written, and without that row once more: the number of a row that is not
 * there gets the same answer both times.
 */
export async function rowQuestions(
  scene: Scene,
  pair: Pair,
  one: Routine,
  all: readonly Routine[],
): Promise<Question[]> {
  const { attacker, victim } = pair
  if (!one.definer || one.procedure || attacker.whyApart(victim) !== undefined) return []
  // A policy that calls it needs it to answer about anybody.
  if ((await policyFunctions(scene)).some(({ schema, name }) => schema === one.schema && name === one.name)) return []
  const source = sourceOf(one, all)
  const questions: Question[] = []
  for (const [place, arg] of one.arguments.entries()) {
    if (!isRowId(arg) || tenantTablesIn(scene, source).every((table) => keyColumn(table, arg.base) === undefined))
      continue
    const nobodys = arg.base === "uuid" ? randomUUID() : String(1_800_000_000 + randomInt(1, 9_000_000))
    for (const values of (await surroundings(scene, pair, one, place)).slice(0, 2)) {
      const call = (id: string): string => callText(one, values.with(place, `${quoteLiteral(id)}::${arg.type}`))
      const found = async (tx: Transaction, { prefix }: Planted): Promise<string[]> => {
        const ids = await newIds(tx, scene, arg, source, prefix)
        return ids.length === 0 ? [] : [nobodys, ...ids].map(call)
      }
      questions.push({ one, attacks: [], found })
    }
  }
  return questions
}

/** Whether it was reported. The first answer is the one about nobody's row. */
export function judgeRow(
  record: CheckRecord,
  { attacker, victim }: Pair,
  { one, planted, answers }: { readonly one: Routine; readonly planted: Planted; readonly answers: Answers },
): boolean {
  const { now, after, attacks } = answers
  if (now === undefined || attacks.length === 0) return false
  record.probe(labelOf(one))
  if (after.some(({ isRefused }) => !isRefused)) record.control()
  const isSame = (at: number): boolean => {
    const [was, is] = [after[at]?.hash, now[at]?.hash]
    return was === undefined || is === undefined || was === is
  }
  const at = attacks.findIndex((_, place) => place > 0 && !isSame(place))
  const attack = attacks[at]
  if (attack === undefined || !isSame(0)) return false
  const isContent = now[at]?.hasCanary === true || /^(numeric|date|timestamp|double|real|money)/.test(one.returns)
  record.found({
    object: labelOf(one),
    message: `${signature(one)} tells tenant ${attacker.name} ${isContent ? "of a row" : "whether a row is there"} of tenant ${victim.name}.`,
    evidence: `asked for the number of a row that tenant ${victim.name} has just written, it gives tenant ${attacker.name} another answer than before`,
    replay: replayOf({ attacker, victim }, attack, planted.statements),
    fix: fixFor(one, attacker),
    ...(isContent ? {} : { severity: "oracle", cvss: oracleCvss }),
  })
  return true
}

/** What the victim's new rows are called, in the tables that the function names. */
async function newIds(tx: Transaction, scene: Scene, arg: Argument, source: string, prefix: string): Promise<string[]> {
  const ids = new Set<string>()
  for (const table of tenantTablesIn(scene, source)) {
    const column = keyColumn(table, arg.base)
    if (column === undefined) continue
    const { rows } = await tx.attempt(
      `select wk_row.${quoteIdent(column)}::text as id from ${quoted(table)} as wk_row where strpos(wk_row::text, '${prefix}') > 0 order by wk_row.${quoteIdent(column)} desc limit ${rowLimit}`,
    )
    // The highest are new: drawn high, or the last of a sequence. Changed rows keep numbers that others have as well.
    for (const { id } of rows) ids.add(String(id))
  }
  return [...ids]
}
