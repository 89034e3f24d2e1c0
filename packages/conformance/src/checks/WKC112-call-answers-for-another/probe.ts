import { quoteLiteral } from "@wardkeep/core"
import { labelOf } from "../../catalog/relation.js"
import { answerText } from "../../database/outcome.js"
import type { Transaction } from "../../database/transaction.js"
import type { Routine } from "../../probe/argument.js"
import { stranger } from "../../probe/lookalike.js"
import type { Pair } from "../../probe/pair.js"
import { canaryPrefix } from "../../probe/plant.js"
import { aimedArguments, callable, callText, isUndoable, signature } from "../../probe/routine.js"
import { defineProbe, type Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

/** Calls of each function that are tried. */
const callLimit = 8

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
  const ask = async (tx: Transaction, call: string): Promise<string | undefined> => {
    const outcome = await tx.attempt(call)
    return outcome.error === undefined ? answerText(outcome) : undefined
  }
  for (const call of await callsOf(scene, pair, one)) {
    const alone = await attacker.act(async (tx) => await ask(tx, call))
    record.probe(labelOf(one))
    if (alone === undefined) continue
    record.control()
    if (alone !== (await attacker.act(async (tx) => await ask(tx, call)))) continue
    const followed = async (isCalled: boolean): Promise<string | undefined> =>
      await victim.act(async (tx) => {
        if (isCalled && (await tx.keep(call)).error !== undefined) return alone
        return (await attacker.takeOver(tx, victim)) ? await ask(tx, call) : alone
      })
    // That the victim was there before, and called nothing, must not matter.
    if ((await followed(true)) === alone || (await followed(false)) !== alone) continue
    return record.found({
      object: labelOf(one),
      message: `${signature(one)} tells tenant ${attacker.name} whether tenant ${victim.name} has called it before.`,
      evidence: `after tenant ${victim.name} called it with the same words it gives tenant ${attacker.name} another answer than twice without that`,
      replay: [attacker.replay(call), victim.replay(call, ...attacker.takingOver(victim), call)].join("\n"),
      fix: `Let ${signature(one)} keep what it remembers under the tenant's key: in the primary key, in ON CONFLICT, and in every WHERE.`,
    })
  }
}

/** With words that nobody has, and with the attacker's own rows: whoever else calls with those may not be told of. */
async function callsOf(scene: Scene, { attacker, victim }: Pair, one: Routine): Promise<string[]> {
  if (one.procedure) return []
  const words = [canaryPrefix(), stranger("0301 5550199"), `${canaryPrefix()}@example.org`].map(quoteLiteral)
  const lists =
    one.arguments.length === 0 ? [[]] : await aimedArguments(scene, one, { attacker: victim, victim: attacker }, words)
  const calls = lists.map((list) => callText(one, list))
  const made = calls.filter((call) => words.some((word) => call.includes(word)))
  return [...new Set([...made, ...calls])].slice(0, callLimit)
}
