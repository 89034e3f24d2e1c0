import type { InContext } from "@wardkeep/postgres/client"
import type { ConsentEvent, Decision, Giver } from "./event.js"

export interface ServedNotice {
  readonly subject: string
  readonly notice: string
  /** The language the person chose, by its code. */
  readonly language: string
  /** Such as `desk`, `portal`, `whatsapp`. */
  readonly channel: string
  /** What shows it: a receipt number, a message id, a scan. */
  readonly evidence: string
  /** Of a file, hexadecimal. */
  readonly evidenceSha256?: string
}

/**
 * Records that a person was given a version of a notice. Being told is not consent, and consent without it is refused.
 *
 * @returns the id of the event
 * @throws WK503 no such person, notice or language, or a machine translation that nobody approved · WK1xx
 * @example await serveNotice(wk, { subject, notice, language: "ta", channel: "desk", evidence: "receipt 17" })
 */
export async function serveNotice(q: InContext, served: ServedNotice): Promise<string> {
  const { subject, ...doc } = served
  return await one(q, "serve_notice($1, $2)", [subject, JSON.stringify(doc)])
}

export interface Decided {
  readonly subject: string
  /** Default `subject`: the person alone. */
  readonly by?: Giver
  /** For anybody else: the id that `represent` returned. */
  readonly representation?: string
  /** For what is asked or given: the version that was served, and in which language. */
  readonly notice?: string
  readonly language?: string
  readonly channel: string
  /** How the person said it: `signature`, `otp`, `spoken`, `thumbprint`. */
  readonly method: string
  /** What shows it; needed for what is given. */
  readonly evidence?: string
  readonly evidenceSha256?: string
  /** What was decided about each purpose. A purpose that is not named keeps what it has. */
  readonly decisions: Readonly<Record<string, Decision>>
}

/**
 * Records what was decided about each named purpose, all or none, each as an event of its own. It holds on the next
 * statement of every connection.
 *
 * @returns the ids of the events, in the order of `decisions`
 * @throws WK503 what does not fit the notice, the person's age, the representation or what went before; nothing is recorded then ·
 *   WK009 under another isolation level than READ COMMITTED · WK106 the key is of several people · WK1xx
 * @example
 * await decide(wk, { subject, notice, language: "ta", channel: "desk", method: "signature", evidence: "form 17",
 *   decisions: { outreach: "granted", research: "refused" } })
 */
export async function decide(q: InContext, decided: Decided): Promise<readonly string[]> {
  const { subject, decisions, by = "subject", ...rest } = decided
  const list = Object.entries(decisions).map(([purpose, decision]) =>
    typeof decision === "string"
      ? { purpose, kind: decision }
      : { purpose, kind: decision.kind, until: decision.until.toISOString() },
  )
  const { rows } = await q.query<{ ids: string[] }>("select wardkeep_consent.decide($1, $2) as ids", [
    subject,
    JSON.stringify({ ...rest, by, decisions: list }),
  ])
  return rows[0]?.ids ?? []
}

export interface Representation {
  readonly subject: string
  readonly as: Exclude<Giver, "subject">
  /** The person who acts: a reference of yours. */
  readonly who: string
  /**
   * Of a parent or a child's guardian `identity_held`, `identity_given` or `token` (rule 10 of the DPDP Rules, 2025); of the guardian of
   * a person with disability `court`, `designated_authority` or `local_level_committee` (rule 11); of a nominee `death` or
   * `incapacity` (section 14 of the Act).
   */
  readonly how: string
  readonly evidence: string
  readonly evidenceSha256?: string
}

/**
 * Records who acts for a person, and how that was verified. A nominee is recorded when the nomination comes into effect.
 *
 * @returns the id that `decide` takes as `representation`
 * @throws WK503 how it was verified does not fit, no evidence, or a parent of somebody who is no child · WK1xx
 * @example await represent(wk, { subject, as: "parent", who: "mother", how: "identity_held", evidence: "file 12" })
 */
export async function represent(q: InContext, representation: Representation): Promise<string> {
  const { subject, ...doc } = representation
  return await one(q, "represent($1, $2)", [subject, JSON.stringify(doc)])
}

/**
 * Records that somebody no longer acts for a person. What they gave stays until it is withdrawn.
 *
 * @throws WK503 nobody represents the person by that id, or no reason · WK1xx
 * @example await endRepresentation(wk, { subject, representation, reason: "the court appointed another guardian" })
 */
export async function endRepresentation(
  q: InContext,
  ended: { readonly subject: string; readonly representation: string; readonly reason: string },
): Promise<string> {
  return await one(q, "end_representation($1, $2, $3)", [ended.subject, ended.representation, ended.reason])
}

/**
 * Records that data was used in a medical emergency (section 7(f) of the DPDP Act). It is no consent and gives none.
 *
 * @throws WK503 no such person, or no reason · WK1xx
 * @example await recordEmergency(wk, { subject, reason: "unconscious on arrival" })
 */
export async function recordEmergency(
  q: InContext,
  emergency: { readonly subject: string; readonly reason: string },
): Promise<string> {
  return await one(q, "emergency($1, $2)", [emergency.subject, emergency.reason])
}

/**
 * Records what time has ended in the branches of the context. Until it runs, a person one of whose consents has ended is
 * reached for no purpose that waits for consent: less than allowed, never more. Run it daily.
 *
 * @returns how many consents ended
 * @throws WK1xx · WK009
 * @example await wk.run(session, () => endDue(wk))
 */
export async function endDue(q: InContext): Promise<number> {
  return (await q.query<{ n: number }>("select wardkeep_consent.end_due() as n")).rows[0]?.n ?? 0
}

/**
 * Everything the ledger holds about one person in the branches of the context, oldest first; `consentAt` says from it
 * where the person stood at any moment.
 *
 * @throws WK503 not a person of a confined context · WK106 the key is of several people · WK1xx
 * @example consentAt(await history(wk, subject), { purpose: "outreach", at: new Date() }).state
 */
export async function history(q: InContext, subject: string): Promise<readonly ConsentEvent[]> {
  // As text: a JavaScript date would lose the microseconds that put events in order.
  const at = `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`
  const sql = `select id, ${at}, kind, purpose, notice, language, by, representation, channel, method, evidence, evidence_sha256,
    valid_until, detail, actor, role, acting_for, to_char(born, 'YYYY-MM-DD') as born from wardkeep_consent.history($1)`
  return (await q.query<ConsentEvent>(sql, [subject])).rows
}

async function one(q: InContext, call: string, values: unknown[]): Promise<string> {
  return (await q.query<{ id: string }>(`select wardkeep_consent.${call} as id`, values)).rows[0]?.id ?? ""
}
