import { day } from "./calendar.js"
import type { Law } from "./law.js"
import type { Force, Obligation, Party } from "./schema.js"

/** `unknown`: it bound when the data was read, and since when was not looked up. */
export type Tense = "in_force" | "not_yet" | "ended" | "proposed" | "held" | "unknown"

/**
 * What a rule is on a day. A day after `readOn` is answered from what was known then.
 *
 * @example tenseOf({ status: "enacted", from: "2027-05-13" }, "2026-11-22", "2026-11-22") // "not_yet"
 */
export function tenseOf(force: Force, on: string, readOn: string): Tense {
  if (force.status !== "enacted") return force.status
  if (force.to !== undefined && on >= force.to) return "ended"
  if (force.from === "earlier") return on < readOn ? "unknown" : "in_force"
  return force.from !== null && on >= force.from ? "in_force" : "not_yet"
}

/** Who asks, as the parties that duties name. Whether one doctor alone is a body corporate is open: the safe answer is yes. */
export const askers = {
  clinic: ["fiduciary", "body-corporate", "clinical-establishment", "practitioner"],
  "significant-clinic": [
    "fiduciary",
    "significant-fiduciary",
    "body-corporate",
    "clinical-establishment",
    "practitioner",
  ],
  vendor: ["body-corporate"],
  "consent-manager": ["consent-manager", "body-corporate"],
} as const satisfies Record<string, readonly Party[]>

export type Asker = keyof typeof askers

export interface Dated extends Obligation {
  readonly tense: Tense
}

/**
 * What binds somebody on a day, and what will or did.
 *
 * @throws WK009 `on` is not a day
 * @example lawOn(loadLaw(), { on: "2026-11-22", as: "clinic" }).filter(({ tense }) => tense === "in_force")
 */
export function lawOn(law: Law, { on, as }: { readonly on: string; readonly as: Asker }): Dated[] {
  const when = day(on)
  const parties: readonly Party[] = askers[as]
  return law.obligations
    .filter(({ binds }) => binds.some((party) => parties.includes(party)))
    .map((obligation) => ({ ...obligation, tense: tenseOf(obligation.force, when, law.readOn) }))
}

/** The next day after `on` on which something begins or ends to bind, or null. */
export function nextChange(rules: readonly Obligation[], on: string): string | null {
  const days = rules.flatMap(({ force }) => [force.from, force.to]).filter((d) => d !== undefined && d !== null)
  return days.filter((d) => d !== "earlier" && d > on).sort()[0] ?? null
}
