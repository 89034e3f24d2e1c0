import type { InContext } from "./assignments.js"

export interface SupportAllowance {
  /** The named person of the vendor: your id of them. */
  readonly actor: string
  /** One branch; without it every branch, which needs a context of every branch. */
  readonly branch?: string
  readonly reason: string
  readonly minutes: number
}

/** A support session as it is on record. */
export interface SupportSession {
  readonly id: string
  readonly tenant: string
  readonly branch: string | null
  readonly actor: string
  readonly reason: string
  /** The code with which the vendor went in without the clinic's word; else null. */
  readonly code: string | null
  readonly allowed_by: string
  readonly allowed_as: string
  readonly allowed_at: Date
  readonly valid_until: Date
  readonly opened_at: Date | null
  readonly ended_at: Date | null
  readonly ended_by: string | null
  readonly end_note: string | null
}

/**
 * Allows one person of the vendor a session in the tenant of the context, for minutes. It shows nothing: once it is
 * committed, the issuer opens it for that person.
 *
 * @returns the id for `issuer.openSupport`
 * @throws WK240 this role does not allow it, oneself, branches beyond one's own, or too long · WK1xx
 * @example
 * const id = await wk.run(session, () => allowSupport(wk, { actor: "meera@vendor", branch, reason: "ticket 4711", minutes: 30 }))
 * const support = await issuer.openSupport({ id, actor: "meera@vendor", mfaAt })
 */
export async function allowSupport(q: InContext, allowed: SupportAllowance): Promise<string> {
  const { actor, branch, reason, minutes } = allowed
  const text = "select wardkeep.allow_support($1, $2, $3, $4) as id"
  const { rows } = await q.query<{ id: string }>(text, [actor, branch ?? null, reason, minutes])
  return rows[0]?.id ?? ""
}

/** Every support session in the branches of the context, those that are over too. @throws WK240 · WK1xx */
export async function listSupport(q: InContext): Promise<readonly SupportSession[]> {
  return (await q.query<SupportSession>("select * from wardkeep.list_support()")).rows
}

/**
 * Ends a support session, from its next statement on; after its end it says that the clinic saw it.
 *
 * @returns false: there is none, or it was ended before
 * @throws WK240 this role does not decide about it, or there is no note · WK1xx
 */
export async function endSupport(
  q: InContext,
  { id, note }: { readonly id: string; readonly note: string },
): Promise<boolean> {
  const { rows } = await q.query<{ ended: boolean }>("select wardkeep.end_support($1, $2) as ended", [id, note])
  return rows[0]?.ended === true
}
