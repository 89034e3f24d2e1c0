import { randomInt, randomUUID } from "node:crypto"
import { quoteIdent, quoteLiteral } from "@wardkeep/core"
import { labelOf, quoted } from "../../catalog/relation.js"
import { answerText, type Outcome } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import type { Argument, Routine } from "../../probe/argument.js"
import { tenantTablesIn } from "../../probe/only-theirs.js"
import type { Pair } from "../../probe/pair.js"
import { canaryPrefix, plant } from "../../probe/plant.js"
import { policyFunctions } from "../../probe/policy-parts.js"
import { callText, signature } from "../../probe/routine.js"
import { keyColumn } from "../../probe/row-keys.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import { isRowId, surroundings } from "./by-row.js"
import { fixFor, oracleCvss, sourceOf } from "./judging.js"

/** Rows of each table that are asked about. */
const rowLimit = 3

/**
 * Where every tenant numbers its rows from one, no number is the victim's alone. So a function with its owner's rights is
 * asked about a row that the victim has just written, and without that row once more: the number of a row that is not
 * there gets the same answer both times.
 */
export async function toldByPlanted(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  one: Routine,
  all: readonly Routine[],
): Promise<void> {
  const { attacker, victim } = pair
  if (!one.definer || one.procedure || attacker.whyApart(victim) !== undefined) return
  // A policy that calls it needs it to answer about anybody.
  if ((await policyFunctions(scene)).some(({ schema, name }) => schema === one.schema && name === one.name)) return
  const source = sourceOf(one, all)
  for (const [place, arg] of one.arguments.entries()) {
    if (!isRowId(arg) || tenantTablesIn(scene, source).every((table) => keyColumn(table, arg.base) === undefined))
      continue
    for (const values of (await surroundings(scene, pair, one, place)).slice(0, 2)) {
      const call = (id: string): string => callText(one, values.with(place, `${quoteLiteral(id)}::${arg.type}`))
      const told = await ask(scene, record, pair, { one, arg, source, call })
      if (told) return
    }
  }
}

interface Question {
  readonly one: Routine
  readonly arg: Argument
  readonly source: string
  readonly call: (id: string) => string
}

async function ask(
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  { one, arg, source, call }: Question,
): Promise<boolean> {
  const prefix = canaryPrefix()
  const nobodys = arg.base === "uuid" ? randomUUID() : String(1_800_000_000 + randomInt(1, 9_000_000))
  const answers = async (tx: Transaction, ids: readonly string[]): Promise<Outcome[]> => {
    const all: Outcome[] = []
    for (const id of ids) all.push(await tx.attempt(call(id)))
    return all
  }
  const planted = await victim.act(async (tx) => {
    const { statements, tables } = await plant(tx, scene, victim, prefix)
    const ids = tables.size === 0 ? [] : await newIds(tx, scene, arg, source, prefix)
    if (ids.length === 0 || !(await attacker.takeOver(tx, victim))) return undefined
    return { ids, statements, now: await answers(tx, [nobodys, ...ids]) }
  })
  if (planted === undefined) return false
  record.probe(labelOf(one))
  const before = await attacker.act(async (tx) => await answers(tx, [nobodys, ...planted.ids]))
  if (before.some(({ error }) => error === undefined)) record.control()
  const isSame = (at: number): boolean => {
    const [was, now] = [before[at], planted.now[at]].map((outcome) => outcome && answerText(outcome))
    return was === undefined || now === undefined || was === now
  }
  const at = planted.ids.findIndex((_, place) => !isSame(place + 1))
  const id = planted.ids[at]
  if (id === undefined || !isSame(0)) return false
  const said = answerText(planted.now[at + 1] ?? { rows: [], count: 0, error: undefined, notices: [] }) ?? ""
  const attack = call(id)
  const isContent = said.includes(prefix) || /^(numeric|date|timestamp|double|real|money)/.test(one.returns)
  record.found({
    object: labelOf(one),
    message: `${signature(one)} tells tenant ${attacker.name} ${isContent ? "of a row" : "whether a row is there"} of tenant ${victim.name}.`,
    evidence: `asked for the number of a row that tenant ${victim.name} has just written, it gives tenant ${attacker.name} another answer than before`,
    replay: attacker.replay(
      attack,
      ...victim.takingOver(attacker),
      ...planted.statements,
      ...attacker.takingOver(victim),
      attack,
    ),
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
