import { quoteIdent } from "@wardkeep/core"
import { labelOf } from "../../catalog/relation.js"
import { type Outcome, tellingText } from "../../database/outcome.js"
import type { Routine } from "../../probe/argument.js"
import { excuseOf } from "../../probe/excuse.js"
import { toldWords } from "../../probe/own-words.js"
import type { Pair } from "../../probe/pair.js"
import type { Scene } from "../../run/check.js"
import type { CheckRecord } from "../../run/check-record.js"

export const opensCursors = ({ returns, arguments: args }: Routine): boolean =>
  returns === "refcursor" || args.some(({ base }) => base === "refcursor")

/** What is in the cursors that the call leaves open is part of its answer. */
export async function heldByCursors(
  scene: Scene,
  record: CheckRecord,
  pair: Pair,
  one: Routine,
  attack: string,
): Promise<{ readonly evidence: string; readonly replay: string } | undefined> {
  const { attacker, victim } = pair
  const fetched = await attacker.act(async (tx) => {
    const { rows } = await tx.keep(attack)
    const names = rows.flatMap((row) => Object.values(row)).filter((name) => typeof name === "string")
    const all: { readonly name: string; readonly outcome: Outcome }[] = []
    for (const name of names.slice(0, 4)) all.push({ name, outcome: await tx.attempt(fetching(name)) })
    return all
  })
  for (const { name, outcome } of fetched) {
    record.probe(labelOf(one))
    if (outcome.error === undefined) record.control()
    const excuse = excuseOf(scene, pair, record, labelOf(one))
    const hit = await toldWords(scene, pair, one.source, tellingText(outcome), [], excuse)
    if (hit === undefined) continue
    return {
      evidence: `the cursor that it opened holds a value of ${hit.place} that only tenant ${victim.name} has, sha-256 ${hit.hash}`,
      // The server numbers its own names anew in each session.
      replay: attacker.replay(attack, fetching(name.replace(/^<unnamed portal \d+>$/, "<unnamed portal 1>"))),
    }
  }
  return undefined
}

const fetching = (name: string): string => `fetch 200 from ${quoteIdent(name)}`
