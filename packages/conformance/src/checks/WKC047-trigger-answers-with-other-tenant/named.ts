import { quoteIdent } from "@wardkeep/core"
import { labelOf } from "../../catalog/relation.js"
import { type Outcome, tellingText } from "../../database/outcome.js"
import { conditionsIn } from "../../probe/conditions.js"
import type { Ground } from "../../probe/ground.js"
import { tenantTablesIn } from "../../probe/only-theirs.js"
import { ownTexts, toldWords } from "../../probe/own-words.js"
import { namingTheirs, writesOf } from "../../probe/sharing-values.js"
import { isStillShut, shutLooks } from "../../probe/shut-looks.js"
import type { Hit } from "../../probe/words.js"

/** Each is followed by a look at several tables. */
const mostWrites = 60

export interface Copied extends Hit {
  /** The table in which it was shown. */
  readonly shownIn: string
  readonly statements: readonly string[]
}

/**
 * A row of the attacker's own that names one of the victim's, where a trigger takes that from it: the name of the patient that
 * an appointment is for, written into the appointment, or into a log of one's own.
 */
export async function copiedByName(ground: Ground, acts: string): Promise<Copied | undefined> {
  const { scene, record, label, relation, attacker, victim, rights } = ground
  const source = (await ownTexts(scene, ground, acts)).join("\n")
  const pair = { attacker, victim }
  const namings = await namingTheirs(ground, acts, source)
  if (namings.length === 0) return undefined
  const told = async (outcome: Outcome, text: string): Promise<Hit | undefined> =>
    await toldWords(scene, pair, source, tellingText(outcome), [text])
  const looks = await shutLooks(scene, pair, tenantTablesIn(scene, source))
  const shown = rights.select.map(quoteIdent).join(", ")
  const suffix = ` returning ${shown === "" ? "1" : shown}`
  const states = [{}, ...conditionsIn(relation, acts)]
  const attacks = states.flatMap((state) =>
    namings.flatMap(({ column, value, text }) =>
      writesOf(ground, { ...state, [column]: value }, suffix).map((attack) => ({ attack, text })),
    ),
  )
  for (const { attack, text } of attacks.slice(0, mostWrites)) {
    const found = await attacker.act(async (tx): Promise<Copied | undefined> => {
      const outcome = await tx.keep(attack)
      record.probe(label)
      const answer = await told(outcome, text)
      if (answer !== undefined) return { ...answer, shownIn: label, statements: [attack] }
      if (outcome.error !== undefined || outcome.count === 0) return undefined
      record.control()
      for (const { table, look } of looks) {
        const hit = await told(await tx.attempt(look), text)
        if (hit !== undefined) return { ...hit, shownIn: labelOf(table), statements: [attack, look] }
      }
      return undefined
    })
    const look = found?.statements[1]
    if (found !== undefined && (look === undefined || (await isStillShut(scene, pair, look)))) return found
  }
  return undefined
}
