import { quoteIdent } from "@wardkeep/core"
import { labelOf, quoted, type Relation } from "../../catalog/relation.js"
import { type Outcome, tellingText } from "../../database/outcome.js"
import { aims } from "../../probe/aim.js"
import type { Ground } from "../../probe/ground.js"
import { insertStatement } from "../../probe/insertion.js"
import { ownRow } from "../../probe/natural-key.js"
import { tenantTablesIn } from "../../probe/only-theirs.js"
import { ownTexts, toldWords } from "../../probe/own-words.js"
import { shownOf } from "../../probe/search.js"
import { namingTheirs } from "../../probe/sharing-values.js"
import type { Hit } from "../../probe/words.js"

/** Rows that are read back of one table. */
const readLimit = 2000

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
  const namings = await namingTheirs(ground, source)
  if (namings.length === 0) return undefined
  const told = async (outcome: Outcome, text: string): Promise<Hit | undefined> =>
    await toldWords(scene, { attacker, victim }, source, tellingText(outcome), [text])
  const looks = await shutLooks(ground, tenantTablesIn(scene, source))
  const own = ownRow(ground) === undefined ? undefined : aims(relation, attacker, ground.mine)[0]
  const shown = rights.select.map(quoteIdent).join(", ")
  const suffix = ` returning ${shown === "" ? "1" : shown}`
  for (const { column, value, text } of namings) {
    const insert = insertStatement({ relation, rights, like: ownRow(ground), set: { [column]: value }, suffix })
    const update =
      own !== undefined && rights.update.includes(column)
        ? `update ${quoted(relation)} as wk_row set ${quoteIdent(column)} = ${value} where ${own}${suffix}`
        : undefined
    for (const attack of [insert, update].filter((one) => one !== undefined)) {
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
      if (found !== undefined) return found
    }
  }
  return undefined
}

interface Look {
  readonly table: Relation
  readonly look: string
}

/** What the attacker may read of these tables, where that holds nothing of the victim's before it does anything. */
async function shutLooks({ scene, attacker, victim }: Ground, tables: readonly Relation[]): Promise<Look[]> {
  const pair = { attacker, victim }
  const found: Look[] = []
  for (const table of tables) {
    const { select, owner } = await scene.rights.of(attacker, table)
    if (select.length === 0 && !owner) continue
    // The newest rows may stand behind thousands of others.
    const look = `select ${await shownOf(scene, pair, table)}::text as row from ${quoted(table)} as wk_row order by wk_row.ctid desc limit ${readLimit}`
    const before = await attacker.act(async (tx) => await tx.attempt(look))
    if (before.error !== undefined) continue
    if ((await toldWords(scene, pair, "", tellingText(before))) === undefined) found.push({ table, look })
  }
  return found
}
