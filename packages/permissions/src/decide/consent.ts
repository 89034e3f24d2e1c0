import { type Policy, wallOf } from "@wardkeep/core"
import type { Context } from "../condition/context.js"
import type { Layer, Question } from "./question.js"

/**
 * A purpose that waits for a person reaches the rows about that person which the ledger lets it reach. The ledger is in the
 * database, so its answer comes with the question. Null where nobody is asked about: another purpose, reference data, no row.
 * That a table about people names whom a row is about, the policy file had to say.
 */
export function consentWall(
  policy: Policy,
  context: Context,
  table: string,
  { row, after, consent }: Question,
): Layer | null {
  const wall = wallOf(policy.purposes.get(context.purpose))
  if (wall === null || (row ?? after) === undefined || policy.tables.get(table)?.subject === undefined) return null
  const asked = `the person of the row ${wall === "consent" ? "said yes" : "did not object"} to ${context.purpose}`
  const holds = consent === true
  return {
    layer: "consent",
    rule: `purposes.${context.purpose}`,
    holds,
    text: consent === undefined ? `${asked}, which the question does not say` : asked,
    reason: holds ? null : "no-consent",
  }
}
