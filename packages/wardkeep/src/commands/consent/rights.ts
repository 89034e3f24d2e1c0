import { createHash } from "node:crypto"
import { audit, whoSaw } from "@wardkeep/audit"
import {
  type AnswerPack,
  type Asked,
  answerPack,
  answerRequest,
  type Certificate,
  decideRequest,
  destroyPerson,
  identifyRequest,
  type Look,
  loadLaw,
  openRequest,
  packAsHtml,
  packAsJson,
  placeHold,
  type RequestClock,
  type RightsDecision,
  type RightsEvent,
  releaseHold,
  requestClock,
  requests,
} from "@wardkeep/consent"
import { extensionsOf } from "../../connection/extensions.js"
import { withAuditLog } from "../audit/owner.js"
import { seal } from "../audit/seal.js"
import { inLedger, type LedgerOptions, withLedger } from "./owner.js"

/** What was asked and done, about one person or about everybody of a clinic. */
export async function rightsList(
  options: LedgerOptions & { readonly subject?: string },
): Promise<readonly RightsEvent[]> {
  return await inLedger(options, (q) => requests(q, options.subject))
}

export interface OpenOptions extends LedgerOptions {
  readonly subject: string
  readonly asked: Asked
  readonly channel: string
  readonly receivedAt: Date
  /** The period that the clinic publishes. */
  readonly published?: string
  readonly recordsToo?: boolean
  readonly what?: string
  readonly nominee?: string
}

/**
 * Records a request, with the clock of the law data.
 *
 * @throws WK560 what does not fit · WK503 no such person · WK501 · WK002 · WK307 · WK005 · WK009
 */
export async function rightsOpen(options: OpenOptions): Promise<RequestClock & { readonly request: string }> {
  const { subject, asked, channel, receivedAt, published, recordsToo, what, nominee } = options
  const question = { asked, receivedAt, ...(published !== undefined && { published }), recordsToo: recordsToo === true }
  const clock = requestClock(loadLaw(), question)
  const request = await inLedger(options, (q) =>
    openRequest(q, {
      subject,
      asked,
      channel,
      receivedAt,
      dueAt: clock.dueAt,
      ...(clock.rule !== null && { rule: clock.rule }),
      ...(what !== undefined && { what }),
      ...(nominee !== undefined && { nominee }),
    }),
  )
  return { request, ...clock }
}

/** @throws WK560 · WK002 · WK307 · WK005 · WK009 */
export async function rightsIdentify(
  options: LedgerOptions & { readonly request: string; readonly how: string; readonly evidence: string },
): Promise<string> {
  const { request, how, evidence } = options
  return await inLedger(options, (q) => identifyRequest(q, { request, how, evidence }))
}

/** @throws WK560 · WK002 · WK307 · WK005 · WK009 */
export async function rightsDecide(options: LedgerOptions & { readonly decision: RightsDecision }): Promise<string> {
  return await inLedger(options, (q) => decideRequest(q, options.decision))
}

/**
 * The answer to a granted request for access, as a page and as a document for machines that the page names by its hash, with who saw the person where there is an audit
 * log. Keep the hash with {@link rightsAnswered} once it is written.
 *
 * @throws WK560 no such request that was granted · WK002 · WK307 · WK005 · WK009
 */
export async function rightsPack(
  options: LedgerOptions & { readonly request: string },
): Promise<{ readonly pack: AnswerPack; readonly html: string; readonly data: string; readonly sha256: string }> {
  const { policy, tenant, request } = options
  const seen = await looks(options)
  const pack = await withLedger(options, (client) => answerPack({ client, policy, tenant, request, seen }))
  const html = packAsHtml(pack)
  return { pack, html, data: packAsJson(pack), sha256: createHash("sha256").update(html).digest("hex") }
}

/** Every look; the log's default limit would leave out the older ones. */
const everything = 10_000_000

async function looks(options: LedgerOptions & { readonly request: string }): Promise<readonly Look[] | "no-audit-log"> {
  const { policy, connection, tenant, request, reason } = options
  const logged = await withLedger(options, async (client) => (await extensionsOf(client)).includes(audit))
  if (!logged) return "no-audit-log"
  const acts = await inLedger(options, (q) => requests(q))
  const subject = acts.find(({ id }) => id === request)?.subject
  // Whoever is not there is refused by what makes the answer.
  if (subject === undefined) return []
  const { rows } = await withAuditLog(connection, policy, (client) =>
    whoSaw({ client, tenant, subject, reason, limit: everything }),
  )
  return rows.map(({ at, actor, purpose }) => ({ at, actor, purpose }))
}

/** @throws WK560 not decided · WK002 · WK307 · WK005 · WK009 */
export async function rightsAnswered(
  options: LedgerOptions & { readonly request: string; readonly sha256: string },
): Promise<string> {
  const { request, sha256 } = options
  return await inLedger(options, (q) => answerRequest(q, { request, sha256 }))
}

/** @throws WK560 · WK503 no such person · WK002 · WK307 · WK005 · WK009 */
export async function rightsHold(
  options: LedgerOptions & { readonly subject: string; readonly authority: string },
): Promise<string> {
  const { subject, reason, authority } = options
  return await inLedger(options, (q) => placeHold(q, { subject, reason, authority }))
}

/** @throws WK560 no such hold · WK002 · WK307 · WK005 · WK009 */
export async function rightsRelease(
  options: LedgerOptions & { readonly subject: string; readonly hold: string },
): Promise<string> {
  const { subject, hold, reason } = options
  return await inLedger(options, (q) => releaseHold(q, { subject, hold, reason }))
}

export interface RightsDestroyOptions extends Omit<LedgerOptions, "reason"> {
  readonly request: string
  /** The private key that seals the audit log, as PEM. Left out, a sealer that runs is waited for. */
  readonly sealKey?: string
}

/**
 * Destroys a person whose erasure was decided, once nothing keeps the records any more, also in the audit log.
 *
 * @throws WK560 a period or a hold keeps them · WK562 rows are left · WK568 the log is not sealed so far · WK402 the key · WK403
 *   another sealer · WK002 · WK307 · WK005 · WK009
 */
export async function rightsDestroy(options: RightsDestroyOptions): Promise<Certificate> {
  const { policy, connection, tenant, request, sealKey: key } = options
  const sealing =
    key === undefined ? {} : { seal: () => seal({ policy, connection, key, onSealed: () => Promise.resolve() }) }
  return await withLedger(options, (client) => destroyPerson({ client, policy, tenant, request, ...sealing }))
}
