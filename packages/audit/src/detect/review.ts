import { WardkeepError } from "@wardkeep/core"
import { call, type HandlingClient } from "../handling/call.js"
import { type ReviewOutcome, readable } from "./accesses.js"

/** What is decided: an access to one person, or an alert by its rule and the events it rests on. */
export type Reviewed =
  | { readonly event: string; readonly subject: string }
  | { readonly rule: string; readonly events: readonly string[] }

export interface AccessReview {
  /** Where the session of the reviewer is in force: a role under `detection.reviewedBy`. */
  readonly client: HandlingClient
  readonly of: Reviewed
  readonly outcome: ReviewOutcome
  /** Why, at most 2,000 characters. It is an event of the log; an erasure of the person takes it away. */
  readonly reason: string
}

/**
 * Records what an access or an alert was found to be: an event of the log, and a row that nobody changes. After `legitimate` or
 * `not_legitimate` it is decided; after `forwarded` it is open still. The reviewer is never the one whose access it is.
 *
 * @returns the number of the review
 * @throws WK435 not a reviewer · WK436 one's own access · WK437 no such access in one's branches · WK438 no outcome or reason · WK439 decided already, or 1,000 within an hour · WK101, WK102 · WK103 inside a transaction
 * @example await reviewAccess({ client: wk, of: { event, subject }, outcome: "legitimate", reason: "called her about the result" })
 */
export async function reviewAccess({ client, of, outcome, reason }: AccessReview): Promise<string> {
  const about = "event" in of ? { events: [of.event], subject: of.subject } : { events: of.events, rule: of.rule }
  try {
    const what = JSON.stringify({ ...about, outcome, reason })
    const made = await call<{ id: string }>(client, "wardkeep_audit.review_access($1::jsonb)", [what])
    if (made === null) throw new WardkeepError("WK901", { message: "review_access answers" })
    return made.id
  } catch (error) {
    throw readable(error)
  }
}
