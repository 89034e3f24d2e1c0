import type { InContext } from "./assignments.js"

export interface EmergencyDeclaration {
  readonly branch: string
  /** The one patient. */
  readonly subject: string
  /** A code of the policy file's `breakGlass.reasons`. */
  readonly reason: string
  readonly explanation: string
  readonly minutes: number
}

export interface Emergency extends Omit<EmergencyDeclaration, "minutes"> {
  readonly id: string
  readonly tenant: string
  readonly declared_by: string
  readonly declared_as: string
  readonly session_id: string
  readonly declared_at: Date
  readonly valid_until: Date
  readonly opened_at: Date | null
  /** The session it was opened in last. */
  readonly opened_in: string | null
}

/**
 * Records an emergency in the context of whoever declares it. It shows nothing: once it is committed, the issuer opens it.
 *
 * @returns the id for `issuer.openBreakGlass`
 * @throws WK207 role, reason code, explanation, minutes, or an earlier one of the same actor and patient without a review · WK1xx
 * @example
 * const id = await wk.run(session, () => declareBreakGlass(wk, { branch, subject, reason: "unconscious", explanation, minutes: 30 }))
 * await wk.run(await issuer.openBreakGlass({ id, session }), () => wk.query("select * from clinical_note"))
 */
export async function declareBreakGlass(q: InContext, declared: EmergencyDeclaration): Promise<string> {
  const { branch, subject, reason, explanation, minutes } = declared
  const { rows } = await q.query<{ id: string }>("select wardkeep.declare_break_glass($1, $2, $3, $4, $5) as id", [
    branch,
    subject,
    reason,
    explanation,
    minutes,
  ])
  return rows[0]?.id ?? ""
}

/**
 * What whoever is in context declared in this role and may still open: after a lock or a new sign-in, too. Their minutes run on.
 *
 * @throws WK1xx
 * @example
 * const [one] = await wk.run(session, () => ownEmergencies(wk))
 * if (one !== undefined) await issuer.openBreakGlass({ id: one.id, session })
 */
export async function ownEmergencies(q: InContext): Promise<readonly Emergency[]> {
  return (await q.query<Emergency>("select * from wardkeep.own_emergencies()")).rows
}

/** Emergencies in the branches of the context that wait for a review. @throws WK207 this role does not review · WK1xx */
export async function openReviews(q: InContext): Promise<readonly Emergency[]> {
  return (await q.query<Emergency>("select * from wardkeep.open_reviews()")).rows
}

/**
 * Reviews somebody else's emergency, which ends it. Until then its actor cannot declare another for the same patient.
 *
 * @throws WK207 nothing to review, one's own, or no note · WK1xx
 */
export async function reviewBreakGlass(
  q: InContext,
  review: { readonly id: string; readonly verdict: "justified" | "not_justified"; readonly note: string },
): Promise<void> {
  await q.query("select wardkeep.review_break_glass($1, $2, $3)", [review.id, review.verdict, review.note])
}
