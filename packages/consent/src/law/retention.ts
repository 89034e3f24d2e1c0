import { WardkeepError } from "@wardkeep/core"
import { aboutDays, day, later } from "./calendar.js"
import type { Law } from "./law.js"
import type { RetentionRule } from "./schema.js"
import { type Tense, tenseOf } from "./tense.js"

/** A named person read the rule in its instrument and stands for it. */
export interface Attestation {
  /** The rule's id. */
  readonly rule: string
  readonly by: string
  /** `YYYY-MM-DD`. After a year somebody has to look again. */
  readonly on: string
}

export interface RetentionAnswer {
  readonly record: string
  /** The longest first; rules without a period last. */
  readonly rules: readonly (RetentionRule & { readonly tense: Tense; readonly attested: Attestation | null })[]
  /** Rules that bind, or may, and that nobody stands for: while there are any, nothing may be destroyed by itself. */
  readonly open: readonly string[]
}

/**
 * What is known of how long a class of record must be kept, by the rules about that class alone: what is said of personal data
 * or of logs in general is asked for by its own name. No row of the shipped data decides by itself: a person has to
 * attest it, and a rule that is open forbids destroying as much as it forbids relying on it.
 *
 * @throws WK009 `on` is not a day, or no rule is about such records: that nothing is known forbids destroying as well
 * @example retention(loadLaw(), { record: "inpatient", on: "2026-11-22", attestations: [] }).open // ["inpatient-imc"]
 */
export function retention(
  law: Law,
  {
    record,
    on,
    attestations,
  }: { readonly record: string; readonly on: string; readonly attestations: readonly Attestation[] },
): RetentionAnswer {
  const when = day(on)
  const classes = new Set(law.retention.map((rule) => rule.record))
  if (!classes.has(record))
    throw new WardkeepError("WK009", {
      message: "no rule is about such records",
      hint: `Known are ${[...classes].sort().join(", ")}. For any other, look for the law that binds it.`,
    })
  const rules = law.retention
    .filter((rule) => rule.record === record)
    .map((rule) => ({
      ...rule,
      tense: tenseOf(rule.force, when, law.readOn),
      attested: attestations.find((one) => one.rule === rule.id && isFresh(one, when)) ?? null,
    }))
    .sort((a, b) => nominal(b) - nominal(a))
  const open = rules.filter(
    ({ tense, attested, period }) => tense !== "ended" && (attested === null || period === null),
  )
  return { record, rules, open: open.map(({ id }) => id) }
}

function isFresh({ by, on }: Attestation, when: string): boolean {
  const end = later(new Date(`${day(on)}T00:00:00+05:30`), "P1Y")
  return by.trim() !== "" && on <= when && new Date(`${when}T00:00:00+05:30`) < end
}

const nominal = ({ period }: RetentionRule): number => (period === null ? -1 : aboutDays(period.length))
