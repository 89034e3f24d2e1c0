import type { InContext } from "./assignments.js"

export interface Referral {
  /** The one person, of the branch `from`. */
  readonly subject: string
  readonly from: string
  readonly to: string
  /** Tables of the policy file, with their schema, that the role of referrals reaches: `public.visit`. */
  readonly records: readonly string[]
  readonly until: Date
  /** A code of the policy file's `crossings.referral.bases`. */
  readonly basis: string
}

/** One referral as it was made, and how it ended. */
export interface RecordedReferral {
  readonly id: string
  readonly tenant: string
  readonly from_branch: string
  readonly to_branch: string
  readonly subject: string
  readonly records: readonly string[]
  readonly basis: string
  readonly referred_by: string
  readonly referred_as: string
  readonly session_id: string
  readonly referred_at: Date
  readonly valid_until: Date
  readonly opened_at: Date | null
  readonly opened_by: string | null
  readonly ended_at: Date | null
  readonly ended_by: string | null
  readonly end_reason: string | null
}

export interface MoveRequest {
  readonly from: string
  readonly to: string
  readonly reason: string
}

/**
 * Refers a person to another branch of the same tenant, in a context of the person's branch. It shows nothing: once it is
 * committed, whoever may in the other branch opens it with `issuer.openReferral`, as a context of its own.
 *
 * @returns the id for `issuer.openReferral`
 * @throws WK230 role, branch, person, tables, end or basis · WK1xx
 * @example
 * const id = await wk.run(session, () => referPatient(wk, { subject, from, to, records: ["public.visit"], until, basis: "second_opinion" }))
 * await wk.run(await issuer.openReferral({ id, session: theirs }), () => wk.query("select * from visit"))
 */
export async function referPatient(q: InContext, referral: Referral): Promise<string> {
  const { subject, from, to, records, until, basis } = referral
  const text = "select wardkeep.refer($1, $2, $3, $4, $5, $6) as id"
  const { rows } = await q.query<{ id: string }>(text, [subject, from, to, [...records], until, basis])
  return rows[0]?.id ?? ""
}

/**
 * Withdraws a referral, in a context of the branch it was made from. It holds on the next statement of every session that
 * opened it (accelerated strategy: the next transaction).
 *
 * @throws WK230 no open referral of this id from a branch of the context, not this role's to withdraw, or no reason · WK1xx
 */
export async function withdrawReferral(
  q: InContext,
  { id, reason }: { readonly id: string; readonly reason: string },
): Promise<void> {
  await q.query("select wardkeep.withdraw_referral($1, $2)", [id, reason])
}

/** Referrals from and to the branches of the context, ended ones too. @throws WK230 this role neither refers nor opens · WK1xx */
export async function listReferrals(q: InContext): Promise<readonly RecordedReferral[]> {
  return (await q.query<RecordedReferral>("select * from wardkeep.list_referrals()")).rows
}

/**
 * Moves a person, and every row that hangs on it, to another branch of the same tenant, in one transaction. The context
 * must hold both branches. What the consent ledger holds goes along. Referrals and confined sessions of the person end.
 *
 * @returns the id of the recorded move
 * @throws WK231 role, branches, person, a row that refers to one that stays, or a key that the other branch has · WK232 the consent ledger there holds decisions of somebody else under this key · WK233 a trigger of the host · WK503 something was decided meanwhile · WK1xx
 * @example await wk.run(session, () => movePatient(wk, { subject, from, to, reason: "lives in the south now" }))
 */
export async function movePatient(
  q: InContext,
  { subject, from, to, reason }: MoveRequest & { readonly subject: string },
): Promise<string> {
  const { rows } = await q.query<{ id: string }>("select wardkeep.move_patient($1, $2, $3, $4) as id", [
    subject,
    from,
    to,
    reason,
  ])
  return rows[0]?.id ?? ""
}

/**
 * Puts every row of a branch into another one of the same tenant and closes it, in one transaction: the row of the branch
 * is deleted, assignments to it end, and open sessions lose it, the caller's too.
 *
 * @returns the id of the recorded move
 * @throws WK231 role, branches, a row that refers to one that stays, or a key that the other branch has · WK232 · WK233 · WK503 somebody decided something meanwhile · WK1xx
 * @example await wk.run(session, () => mergeBranches(wk, { from, to, reason: "the north branch closes" }))
 */
export async function mergeBranches(q: InContext, { from, to, reason }: MoveRequest): Promise<string> {
  const { rows } = await q.query<{ id: string }>("select wardkeep.merge_branches($1, $2, $3) as id", [from, to, reason])
  return rows[0]?.id ?? ""
}
