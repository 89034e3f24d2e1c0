import { labelOf } from "../../catalog/relation.js"
import type { Transaction } from "../../database/transaction.js"
import { type Addressed, addressedRows, addressedWords } from "../../probe/addressed.js"
import type { Routine } from "../../probe/argument.js"
import { excuseOf } from "../../probe/excuse.js"
import { hidden } from "../../probe/hidden.js"
import { toldBeyondAsked } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { difference, lookReplay, type Picture, picture } from "../../probe/picture.js"
import { policyFunctions } from "../../probe/policy-parts.js"
import { aimedArguments, callable, callText, isUndoable, signature } from "../../probe/routine.js"
import { shownByFunctions } from "../../probe/shown-by-functions.js"
import { ownCalls } from "../../probe/shut.js"
import { wordsOf } from "../../probe/words.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"
import type { ToldByRow } from "./asked.js"
import { toldByRow } from "./by-row.js"
import { heldByCursors, opensCursors } from "./cursors.js"
import { fixFor, isShown, oracleCvss, report, sourceOf } from "./judging.js"
import { openedBy } from "./opened.js"
import { toldToNobody } from "./without-context.js"
import { type StillOpen, whatIsWritten } from "./written.js"

export const probe = defineProbe({
  code: "WKC041",
  title: "A function returns or changes rows of another tenant",
  severity: "leak",
  cwe: "CWE-639",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:N",
  run: async (scene, record) => {
    for (const pair of scene.pairs) {
      const routines = (await callable(pair.attacker)).filter((one) => mayRead(scene, one))
      const open: StillOpen[] = []
      for (const one of routines) {
        scene.step(labelOf(one))
        if (isUndoable(one)) open.push(...(await call(scene, record, pair, one, routines)))
        else record.inconclusive(`${signature(one)} is written in ${one.language} and was not called`)
      }
      await whatIsWritten(scene, record, pair, open, routines)
      if (record.controls === 0) await askForOwn(scene, record, pair)
    }
  },
})

/** Where all that was asked for of the victim's was refused: whether any of them answers the attacker about its own. */
async function askForOwn(scene: Scene, record: CheckRecord, pair: Pair): Promise<void> {
  const { attacker, victim } = pair
  const words = (await wordsOf(scene, { attacker: victim, victim: attacker })).slice(0, 3)
  const asked = words.map(({ relation, column, text }) => hidden(text, `${labelOf(relation)}.${column}`))
  const calls = await ownCalls(scene, pair, asked)
  await attacker.act(async (tx) => {
    for (const call of calls) if ((await tx.attempt(call)).error === undefined) return record.control()
  })
}

/**
 * Functions that touch no tenant's table, directly or by calling another function, are left alone: what they answer is
 * made of what they were asked with. An IMMUTABLE one says so of itself, and is believed unless its text names a table.
 */
function mayRead({ catalog }: Scene, { source, volatility }: Routine): boolean {
  const names = catalog.relations.flatMap(({ name, tenancy }) => (tenancy.by === "global" ? [] : [name]))
  if (volatility === "i") {
    const read = new Set(source.split(/[^\w$]+/))
    return names.some((name) => read.has(name)) || /\bexecute\b/i.test(source)
  }
  return names.some((name) => source.includes(name)) || /\bexecute\b|\w\.\w+\(/i.test(source)
}

/** Resolves with the function where it has shown nothing and is still to be asked about what the victim writes. */
async function call(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  one: Routine,
  all: readonly Routine[],
): Promise<StillOpen[]> {
  const words = (await wordsOf(scene, pair)).slice(0, 3)
  const asked = words.map(({ relation, column, text }) => hidden(text, `${labelOf(relation)}.${column}`))
  // None of its calls is kept, so that they are the same before each.
  const addressed = one.definer && one.volatility === "v" ? await addressedRows(scene, pair, sourceOf(one, all)) : none
  for (const values of await aimedArguments(scene, one, pair, asked)) {
    const attack = callText(one, values)
    if (await reads(scene, record, pair, one, attack)) return []
    const held = opensCursors(one) ? await heldByCursors(scene, record, pair, one, attack) : undefined
    if (held !== undefined) {
      report(record, one, pair, held.evidence, held.replay)
      return []
    }
    if (one.volatility !== "v") continue
    if (await writes(scene, record, pair, { one, all, addressed, attack })) return []
    const opened = mayWrite(one) ? await openedBy(scene, pair, one, values) : undefined
    if (opened !== undefined) {
      report(record, one, pair, opened.evidence, opened.replay)
      return []
    }
  }
  if (await toldToNobody(scene, record, pair, one, asked)) return []
  if (isShown(record, one)) return []
  const told = await toldByRow(scene, record, pair, one, all)
  if (told !== undefined) await reportRow(scene, record, pair, one, told)
  return [{ one, isTold: told !== undefined }]
}

async function reportRow(
  scene: Scene,
  record: CheckRecord,
  { attacker, victim }: Pair,
  one: Routine,
  { attack, compared, isContent, isRefused = false }: ToldByRow,
): Promise<void> {
  // A policy that calls it needs it to answer about anybody; what that tells is to be known.
  const isOfPolicy = (await policyFunctions(scene)).some(
    ({ schema, name }) => schema === one.schema && name === one.name,
  )
  const told = isContent
    ? `what it tells tenant ${victim.name} of a row of tenant ${victim.name}`
    : `whether a row of tenant ${victim.name} is there`
  record.found({
    object: labelOf(one),
    message: isRefused
      ? `${signature(one)} tells tenant ${attacker.name} whether a row of tenant ${victim.name} is there, by how it refuses.`
      : `${signature(one)} tells tenant ${attacker.name} ${told}.`,
    evidence: isRefused
      ? `asked for a row of tenant ${victim.name} it refuses tenant ${attacker.name} with another error than for a row that does not exist`
      : `asked for a row of tenant ${victim.name} it gives tenant ${attacker.name} another answer than for a row that does not exist`,
    // A transaction each: a refusal ends the first one's usefulness.
    replay: [...(isContent || compared === undefined ? [] : [compared]), attack]
      .map((call) => attacker.replay(call))
      .join("\n"),
    fix: fixFor(one, attacker),
    ...(isOfPolicy ? { severity: "hygiene" } : isContent ? {} : { severity: "oracle", cvss: oracleCvss }),
  })
}

/** Whatever comes back is searched: rows, messages, notices. */
async function reads(scene: Scene, record: CheckRecord, pair: Pair, one: Routine, attack: string): Promise<boolean> {
  const { attacker, victim } = pair
  const outcome = await attacker.act(async (tx) => await tx.attempt(attack))
  record.probe(labelOf(one))
  if (outcome.error === undefined) record.control()
  const excuse = excuseOf(scene, pair, record, labelOf(one))
  const hit = await toldBeyondAsked(scene, pair, one.source, attack, outcome, excuse)
  if (hit === undefined) return false
  report(
    record,
    one,
    pair,
    `it answered with a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`,
    attacker.replay(attack),
  )
  return true
}

const none: ReadonlyMap<string, Addressed> = new Map()

/** A call of a function, all that the attacker may call, and the rows whose state it may change. */
interface Written {
  readonly one: Routine
  readonly all: readonly Routine[]
  readonly addressed: ReadonlyMap<string, Addressed>
  readonly attack: string
}

/** After the call the victim looks whether its rows are still what they were. */
async function writes(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  { one, all, addressed, attack }: Written,
): Promise<boolean> {
  const { attacker, victim } = pair
  const apart = victim.whyApart(attacker)
  if (apart !== undefined) {
    // Without its owner's rights it changes what the attacker's own statements change, and those were tried.
    if (one.definer && mayWrite(one)) {
      record.notTried(
        signature(one),
        `what it changes in another tenant's rows could not be looked at, because ${apart}`,
      )
    }
    return false
  }
  const look = async (tx: Transaction): Promise<{ readonly all: Picture; readonly others: Picture }> => {
    const shown = one.definer ? await shownByFunctions(scene, tx, pair, one.source, all) : []
    const seen = async (aside?: ReadonlyMap<string, Addressed>): Promise<Picture> =>
      new Map([...(await picture(scene, tx, victim, one.source, aside)), ...shown])
    const plain = await seen()
    return { all: plain, others: addressed.size === 0 ? plain : await seen(addressed) }
  }
  const before = await victim.act(look)
  const after = await attacker.act(async (tx) => {
    const { error } = await tx.keep(attack)
    if (error !== undefined || !(await victim.takeOver(tx, attacker))) return before
    return await look(tx)
  })
  const changed = difference(before.all, after.all)
  if (changed === undefined) return false
  if (difference(before.others, after.others) === undefined) {
    record.notTried(signature(one), addressedWords(pair))
    return false
  }
  const replay = lookReplay(pair, changed, attack)
  report(record, one, pair, `rows of tenant ${victim.name} were not the same after the call`, replay)
  return true
}

/** By its text: a statement that writes, or another function that may. */
const mayWrite = ({ source }: Routine): boolean =>
  /\b(insert|update|delete|merge|truncate|execute|perform|call)\b|(?<!pg_catalog)\.\w+\s*\(/i.test(
    source.replace(/^.*?\b(?:AS\s+(?=\$)|BEGIN ATOMIC\b)/is, ""),
  )
