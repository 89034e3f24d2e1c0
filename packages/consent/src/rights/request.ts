import type { InContext } from "@wardkeep/postgres/client"
import type { Giver } from "../ledger/event.js"
import type { Kept } from "./keep.js"

/** Sections 11, 12 (correction and erasure), 13 and 14 of the DPDP Act. */
export type Asked = "access" | "correction" | "erasure" | "grievance" | "nomination"

/** Why a request is not, or not wholly, fulfilled. `statute` and `mental_healthcare_25` cite where. */
export type Refusal =
  | "statute"
  | "legal_hold"
  | "not_held"
  | "opinion_of_a_professional"
  | "mental_healthcare_25"
  | "identity_not_shown"

export interface RightsRequest {
  readonly subject: string
  readonly asked: Asked
  readonly channel: string
  /** By when it is answered; {@link requestClock} computes it. */
  readonly dueAt: Date
  /** The rule behind `dueAt`; left out where it is the clinic's own period. */
  readonly rule?: string
  /** When a letter arrived that is recorded later. */
  readonly receivedAt?: Date
  readonly by?: Giver
  readonly representation?: string
  /** What is to be corrected or is complained of: a reference, where words would say too much. */
  readonly what?: string
  /** A reference to whoever is nominated. */
  readonly nominee?: string
}

/** One act, as the database holds it. */
export interface RightsEvent {
  readonly id: string
  /** The id of the event that opened the request; its own for holds and disclosures. */
  readonly request: string
  readonly at: string
  readonly branch: string
  /** Empty once the person was destroyed. */
  readonly subject: string
  readonly kind:
    | "opened"
    | "identified"
    | "decided"
    | "answered"
    | "held"
    | "hold_released"
    | "disclosed"
    | "destroyed"
    | "verified"
  readonly asked: Asked | null
  readonly due_at: Date | null
  /** Of a decided erasure: when the last period ends that keeps the records. */
  readonly destroy_after: Date | null
  readonly detail: Readonly<Record<string, unknown>>
  readonly actor: string
  readonly role: string
}

/**
 * Records what a person asks for. In a confined context a person asks for itself; staff records what came by letter.
 *
 * @returns the id of the request
 * @throws WK560 what does not fit, a due date beyond ninety days · WK503 no such person · WK1xx
 * @example
 * const { dueAt, rule } = requestClock(loadLaw(), { asked: "access", receivedAt: new Date() })
 * await openRequest(wk, { subject, asked: "access", channel: "desk", dueAt, ...(rule !== null && { rule }) })
 */
export async function openRequest(q: InContext, request: RightsRequest): Promise<string> {
  const { subject, dueAt, receivedAt, by = "subject", ...rest } = request
  const dates = { dueAt: dueAt.toISOString(), ...(receivedAt && { receivedAt: receivedAt.toISOString() }) }
  return await one(q, "open_request($1, $2)", [subject, JSON.stringify({ ...rest, ...dates, by })])
}

/**
 * Records how it was checked that the one who asks is the person, or acts for the person. Nothing is handed out before.
 *
 * @throws WK560 no such request here, decided already, or identified already · WK1xx
 * @example await identifyRequest(wk, { request, how: "identity card seen", evidence: "desk note 4" })
 */
export async function identifyRequest(
  q: InContext,
  checked: { readonly request: string; readonly how: string; readonly evidence: string },
): Promise<string> {
  const { request, ...doc } = checked
  return await one(q, "identify_request($1, $2)", [request, JSON.stringify(doc)])
}

export interface RightsDecision {
  readonly request: string
  readonly outcome: "fulfilled" | "partly" | "refused"
  /** Needed unless it is fulfilled. */
  readonly reason?: Refusal
  /** Instrument and clause. */
  readonly cites?: string
  /** What the person is told. */
  readonly words: string
  /** Who answers questions: rule 9 of the DPDP Rules, 2025, asks for it in every answer. */
  readonly contact: string
  /** Of an erasure: what is kept, by which rule and until when; {@link keepUntil} computes it. */
  readonly keep?: readonly Kept[]
}

/**
 * Decides a request. An erasure restricts the person at once: no role is shown a row about the person any more, and
 * `destroyPerson` destroys the rows when the last of `keep` has ended.
 *
 * @throws WK560 nobody checked who asks, decided already, a refusal without one of the reasons · WK009 · WK1xx
 * @example await decideRequest(wk, { request, outcome: "fulfilled", words: "Here it is.", contact: "privacy@clinic.example" })
 */
export async function decideRequest(q: InContext, decision: RightsDecision): Promise<string> {
  const { request, ...doc } = decision
  return await one(q, "decide_request($1, $2)", [request, JSON.stringify(doc)])
}

/**
 * Records that an answer was handed over.
 *
 * @param answer.sha256 of the document, hexadecimal
 * @throws WK560 the request is not decided, or that is no SHA-256 · WK1xx
 * @example await answerRequest(wk, { request, sha256: createHash("sha256").update(html).digest("hex") })
 */
export async function answerRequest(
  q: InContext,
  answer: { readonly request: string; readonly sha256: string },
): Promise<string> {
  return await one(q, "answer_request($1, $2)", [answer.request, answer.sha256])
}

/**
 * A legal hold: nothing about the person is destroyed until it is released.
 *
 * @returns its id · @throws WK560 no reason or authority · WK503 no such person · WK1xx
 * @example await placeHold(wk, { subject, reason: "medico-legal case", authority: "police station, FIR 12/2026" })
 */
export async function placeHold(
  q: InContext,
  hold: { readonly subject: string; readonly reason: string; readonly authority: string },
): Promise<string> {
  const { subject, ...doc } = hold
  return await one(q, "place_hold($1, $2)", [subject, JSON.stringify(doc)])
}

/** @throws WK560 no such hold on this person, or released already · WK1xx */
export async function releaseHold(
  q: InContext,
  released: { readonly subject: string; readonly hold: string; readonly reason: string },
): Promise<string> {
  return await one(q, "release_hold($1, $2, $3)", [released.subject, released.hold, released.reason])
}

/**
 * Records that data about a person went to somebody else, so that an answer can say with whom it was shared.
 *
 * @throws WK503 no such person · WK560 · WK1xx
 * @example await recordDisclosure(wk, { subject, recipient: "Lab Two", data: "blood sample and age", purpose: "care" })
 */
export async function recordDisclosure(
  q: InContext,
  disclosed: { readonly subject: string; readonly recipient: string; readonly data: string; readonly purpose: string },
): Promise<string> {
  const { subject, ...doc } = disclosed
  return await one(q, "disclose($1, $2)", [subject, JSON.stringify(doc)])
}

/**
 * What was asked and done, oldest first: about one person, or about everybody in the branches of the context. A person in a
 * confined context sees its own requests, and no legal hold.
 *
 * @throws WK560 not a person of a confined context · WK1xx
 * @example const late = openRequests(await requests(wk)).filter(({ dueAt }) => dueAt < new Date())
 */
export async function requests(q: InContext, subject?: string): Promise<readonly RightsEvent[]> {
  const at = `to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at`
  const sql = `select id, request, ${at}, branch, subject, kind, asked, due_at, destroy_after, detail, actor, role from wardkeep_consent.requests($1)`
  return (await q.query<RightsEvent>(sql, [subject ?? null])).rows
}

/** Requests that nobody decided yet, the first due first. */
export function openRequests(
  events: readonly RightsEvent[],
): readonly { readonly request: string; readonly subject: string; readonly asked: Asked; readonly dueAt: Date }[] {
  const decided = new Set(events.filter(({ kind }) => kind === "decided").map(({ request }) => request))
  return events
    .flatMap(({ kind, request, subject, asked, due_at }) =>
      kind === "opened" && asked !== null && due_at !== null && !decided.has(request)
        ? [{ request, subject, asked, dueAt: due_at }]
        : [],
    )
    .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime())
}

async function one(q: InContext, call: string, values: unknown[]): Promise<string> {
  return (await q.query<{ id: string }>(`select wardkeep_consent.${call} as id`, values)).rows[0]?.id ?? ""
}
