import {
  type Campaign,
  type ConsentEvent,
  type ConsentProof,
  type ConsentState,
  campaignReport,
  consentAt,
  type Delivery,
  decide,
  history,
  proveConsent,
  recordDeliveries,
  type Unreached,
  unreached,
} from "@wardkeep/consent"
import { type Policy, WardkeepError, wallOf } from "@wardkeep/core"
import { inLedger, type LedgerOptions } from "./owner.js"

export interface OfPerson extends LedgerOptions {
  readonly subject: string
}

export type Standing = ConsentState & { readonly purpose: string; readonly waitsFor: "consent" | "objection" }

/**
 * Where a person stands about each purpose that waits, at a moment.
 *
 * @throws WK106 the key is of several people · WK002 · WK307 · WK005 · WK009
 */
export async function consentShow(options: OfPerson & { readonly at: Date }): Promise<readonly Standing[]> {
  const events = await consentHistory(options)
  return walled(options.policy).map(([purpose, waitsFor]) => ({
    purpose,
    waitsFor,
    ...consentAt(events, { purpose, at: options.at }),
  }))
}

/**
 * Everything the ledger holds about a person, oldest first.
 *
 * @throws WK106 the key is of several people · WK002 · WK307 · WK005 · WK009
 */
export async function consentHistory(options: OfPerson): Promise<readonly ConsentEvent[]> {
  return await inLedger(options, (q) => history(q, options.subject))
}

/**
 * Withdraws consent, or objects where a purpose needs none: what is named, or all that stands. It holds on the next statement.
 *
 * @returns the purposes that were withdrawn or objected to
 * @throws WK503 nothing to withdraw · WK106 the key is of several people · WK002 · WK307 · WK005 · WK009
 */
export async function consentWithdraw(
  options: OfPerson & { readonly purposes: readonly string[]; readonly channel: string; readonly method: string },
): Promise<readonly string[]> {
  const { policy, subject, channel, method } = options
  return await inLedger(options, async (q) => {
    const events = await history(q, subject)
    const standing = walled(policy).filter(([purpose, waitsFor]) => {
      const { state, objected } = consentAt(events, { purpose, at: new Date() })
      return waitsFor === "consent" ? state === "granted" : !objected
    })
    const purposes = options.purposes.length > 0 ? options.purposes : standing.map(([purpose]) => purpose)
    if (purposes.length === 0) throw new WardkeepError("WK503", { message: "there is no consent to withdraw" })
    const kinds = new Map(walled(policy))
    const decisions = Object.fromEntries(
      purposes.map((purpose) => [purpose, kinds.get(purpose) === "objection" ? "objected" : "withdrawn"] as const),
    )
    await decide(q, { subject, channel, method, decisions })
    return purposes
  })
}

/**
 * One decision with what it rests on, to be handed over beside a bundle of the audit log.
 *
 * @throws WK503 no such decision of this person here · WK002 · WK307 · WK005 · WK009
 */
export async function consentProve(options: OfPerson & { readonly event: string }): Promise<ConsentProof> {
  const { subject, event } = options
  return await inLedger(options, (q) => proveConsent(q, { subject, event }))
}

export interface CampaignAnswer {
  readonly recorded: number
  readonly reached: Awaited<ReturnType<typeof campaignReport>>
  readonly unreached: readonly Unreached[]
}

/**
 * Records deliveries of a notice to existing patients, a batch in a transaction, and says whom it has not reached. Run again
 * with the same deliveries after a failure: who was told is passed over.
 *
 * @throws WK503 a delivery that does not fit; its batch is not recorded, earlier ones are · WK002 · WK307 · WK005 · WK009
 */
export async function consentCampaign(
  options: LedgerOptions & Campaign & { readonly deliveries: readonly Delivery[]; readonly most: number },
): Promise<CampaignAnswer> {
  const { deliveries, most } = options
  let recorded = 0
  for (let from = 0; from < deliveries.length; from += batch)
    recorded += await inLedger(options, (q) => recordDeliveries(q, options, deliveries.slice(from, from + batch)))
  return await inLedger(options, async (q) => ({
    recorded,
    reached: await campaignReport(q, options),
    unreached: await unreached(q, options, { most }),
  }))
}

/** Deliveries in one transaction. */
const batch = 500

function walled({ purposes }: Policy): [string, "consent" | "objection"][] {
  return [...purposes].flatMap(([purpose, rule]) => {
    const wall = wallOf(rule)
    return wall === null ? [] : [[purpose, wall] as [string, "consent" | "objection"]]
  })
}
