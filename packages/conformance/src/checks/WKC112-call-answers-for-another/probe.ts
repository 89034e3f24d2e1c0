import { quoteLiteral } from "@wardkeep/core"
import { labelOf } from "../../catalog/relation.js"
import type { Actor } from "../../database/actor.js"
import type { Outcome } from "../../database/outcome.js"
import type { Routine } from "../../probe/argument.js"
import { stranger } from "../../probe/lookalike.js"
import { toldBeyondAsked } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import { canaryPrefix } from "../../probe/plant.js"
import { aimedArguments, callable, callText, isUndoable, signature } from "../../probe/routine.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

/** Calls of each function that are tried. */
const callLimit = 12

export const probe = defineProbe({
  code: "WKC112",
  title: "A call of one tenant's changes what another tenant is answered",
  severity: "oracle",
  cwe: "CWE-203",
  cvss: "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:L/I:N/A:N",
  run: async (scene, record) => {
    for (const pair of scene.pairs.filter(({ attacker, victim }) => attacker.whyApart(victim) === undefined)) {
      for (const one of (await callable(pair.attacker)).filter(mayRemember)) {
        scene.step(labelOf(one))
        if (record.findings.every(({ object }) => object !== labelOf(one))) await afterTheirs(scene, record, pair, one)
      }
    }
  },
})

/** With its owner's rights it writes where no policy of the caller's is asked; what is STABLE writes nothing. */
const mayRemember = (one: Routine): boolean =>
  one.definer && one.volatility === "v" && isUndoable(one) && one.returns !== "void" && one.returns !== "trigger"

/** The victim calls it, then the attacker with the same words; and the attacker alone, twice, for what moves by itself. */
async function afterTheirs(scene: Scene, record: CheckRecord, pair: Pair, one: Routine): Promise<void> {
  const { attacker, victim } = pair
  const taking = [...attacker.takingOver(victim), ...forgetting(one, attacker)]
  for (const call of await callsOf(scene, pair, one)) {
    const alone = await attacker.act(async (tx) => await tx.attempt(call))
    record.probe(labelOf(one))
    if (alone.error !== undefined) continue
    record.control()
    if (saidBy(alone) !== saidBy(await attacker.act(async (tx) => await tx.attempt(call)))) continue
    const followed = async (isCalled: boolean): Promise<Outcome> =>
      await victim.act(async (tx) => {
        if (isCalled && (await tx.keep(call)).error !== undefined) return alone
        return (await tx.keep(taking.join(";\n"))).error === undefined ? await tx.attempt(call) : alone
      })
    const after = await followed(true)
    // That the victim was there before, and called nothing, must not matter.
    if (after.error !== undefined || saidBy(after) === saidBy(alone) || saidBy(await followed(false)) !== saidBy(alone))
      continue
    const hit = await toldBeyondAsked(scene, pair, one.source, call, after)
    return record.found({
      object: labelOf(one),
      message: hit
        ? `${signature(one)} answers tenant ${attacker.name} with what tenant ${victim.name} was answered before on the same connection.`
        : `${signature(one)} tells tenant ${attacker.name} whether tenant ${victim.name} has called it before.`,
      evidence: `after tenant ${victim.name} called it with the same words it gives tenant ${attacker.name} another answer than twice without that${hit ? `: a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}` : ""}`,
      replay: [attacker.replay(call), victim.replay(call, ...taking, call)].join("\n"),
      fix: `Let ${signature(one)} keep what it remembers under the tenant's key: in the primary key, in ON CONFLICT, and in every WHERE; empty a temporary table before it is filled.`,
      ...(hit ? { severity: "leak", cvss: leakCvss } : {}),
    })
  }
}

const leakCvss = "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"

/**
 * What ends with a transaction is no memory: the attempt is one transaction, of which the application would make two. The
 * target's own settings are set again by taking over.
 */
function forgetting({ source }: Routine, { tenant }: Actor): string[] {
  const local = /\bset_config\s*\(\s*'([\w.]+)'[^;]*?,\s*true\s*\)|\bset\s+local\s+([\w.]+)/gi
  const names = [...source.matchAll(local)].flatMap(([, called, set]) => called ?? set ?? [])
  const own = [...new Set(names)].filter((name) => name.includes(".") && !Object.hasOwn(tenant.connect.settings, name))
  return [
    ...(/\bon\s+commit\s+(drop|delete)/i.test(source) ? ["discard temp"] : []),
    ...own.map((name) => `select set_config(${quoteLiteral(name)}, '', true)`),
  ]
}

/** Notices are no answer: that a temporary table is there already is said of the session. */
const saidBy = ({ rows }: Outcome): string => JSON.stringify(rows)

/** With words that nobody has, and with the attacker's own rows: whoever else calls with those may not be told of. */
async function callsOf(scene: Scene, { attacker, victim }: Pair, one: Routine): Promise<string[]> {
  const words = [canaryPrefix(), stranger("0301 5550199"), `${canaryPrefix()}@example.org`].map(quoteLiteral)
  const lists =
    one.arguments.length === 0 ? [[]] : await aimedArguments(scene, one, { attacker: victim, victim: attacker }, words)
  const calls = lists.map((list) => callText(one, list))
  const made = calls.filter((call) => words.some((word) => call.includes(word)))
  const theirs = one.arguments.length === 0 ? [] : await aimedArguments(scene, one, { attacker, victim }, words)
  const both = [...made.slice(0, 4), ...calls.slice(0, 4), ...theirs.slice(0, 6).map((list) => callText(one, list))]
  return [...new Set(both)].slice(0, callLimit)
}
