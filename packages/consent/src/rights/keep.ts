import { WardkeepError } from "@wardkeep/core"
import { dayInIndia, later } from "../law/calendar.js"
import type { Law } from "../law/law.js"
import { type Attestation, retention } from "../law/retention.js"

/** What an erasure leaves for a while, and why. */
export interface Kept {
  /** The class of record, such as `inpatient`. */
  readonly record: string
  /** The rule's id. */
  readonly rule: string
  readonly cites: string
  /** ISO 8601. */
  readonly until: string
}

/**
 * What of a person's records is kept, by which rule and until when. A rule that nobody stands for keeps nothing and frees
 * nothing: it is an error, so that a person decides.
 *
 * @param question.records each class with the moment its period counts from, such as the start of treatment
 * @throws WK561 rules that bind, or may, and that nobody attested · WK009 no rule is about such records
 * @example
 * keepUntil(loadLaw(), { on: new Date(), records: [{ record: "inpatient", since: new Date("2025-02-01T00:00:00Z") }],
 *   attestations: [{ rule: "inpatient-imc", by: "Dr Devi", on: "2026-11-01" }] })
 */
export function keepUntil(
  law: Law,
  question: {
    readonly on: Date
    readonly records: readonly { readonly record: string; readonly since: Date }[]
    readonly attestations: readonly Attestation[]
  },
): readonly Kept[] {
  const { on, records, attestations } = question
  const kept: Kept[] = []
  const open: string[] = []
  for (const { record, since } of records) {
    const answer = retention(law, { record, on: dayInIndia(on), attestations })
    open.push(...answer.open)
    for (const { id, instrument, clause, period, tense, attested } of answer.rules) {
      if (period === null || attested === null || tense === "ended") continue
      const until = later(since, period.length)
      if (until <= on) continue
      const cites = `${law.instruments[instrument] ?? instrument}, ${clause}`
      kept.push({ record, rule: id, cites, until: until.toISOString() })
    }
  }
  if (open.length > 0)
    throw new WardkeepError("WK561", { message: `nobody attested how long records are kept under ${open.join(", ")}` })
  return kept.sort((a, b) => (a.until < b.until ? 1 : -1))
}
