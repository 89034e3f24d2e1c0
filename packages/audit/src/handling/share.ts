import { createHash, randomBytes, randomUUID } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { begin, call, type HandlingClient } from "./call.js"

export interface ShareRequest {
  readonly relation: string
  readonly record: string
  readonly columns?: readonly string[]
  /** Who it is for, as the watermark names them; at most 200 characters. */
  readonly recipient: string
  /** At most 31 days from now. */
  readonly until: Date
  /** How often it opens; default 1, at most 100. */
  readonly opens?: number
}

export interface Shared {
  /** For the link. */
  readonly id: string
  /** For another way than the link's. It is stored nowhere, so it cannot be sent again. */
  readonly code: string
  /** What stands on each page that is shown. */
  readonly watermark: string
}

export interface OpenedShare {
  readonly relation: string
  readonly record: string
  /** Null: all. */
  readonly columns: readonly string[] | null
  readonly recipient: string
  readonly watermark: string
  /** How often it opens still. */
  readonly left: number
}

// Crockford's alphabet: nothing in it is taken for something else when it is read out.
const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
const misread = new Map([
  ["O", "0"],
  ["I", "1"],
  ["L", "1"],
])

/** 80 bits: guessing it takes longer than a link lives, also for who reads the digest in a backup. */
function newCode(): string {
  return [...randomBytes(16)].map((byte) => letters[byte % 32]).join("")
}

function digestOf(id: string, code: string): string {
  return createHash("sha256").update(`${id}:${code}`).digest("hex")
}

/** As it was typed: blanks, dashes and small letters do not matter. */
function typed(code: string): string {
  return [...code.toUpperCase().slice(0, 100)]
    .map((letter) => misread.get(letter) ?? letter)
    .filter((letter) => letters.includes(letter))
    .join("")
}

/**
 * Shares one record with somebody who has no account, under the policy's `share`, in the place of a forwarded message. The
 * purpose is the context's. What is shown, and by which session, stays the host's: open it with {@link openShare}.
 *
 * @throws WK430 · WK431 · WK434 no recipient, a moment that is past or too far · WK101, WK102 · WK103 inside a transaction
 * @example const { id, code, watermark } = await share(wk, { relation: "public.lab_result", record, recipient: "Dr Rao", until })
 */
export async function share(client: HandlingClient, request: ShareRequest): Promise<Shared> {
  const { relation, record, columns, recipient, until, opens } = request
  const id = randomUUID()
  const code = newCode()
  const { watermark } = await begin<{ watermark: string }>(
    client,
    "share",
    { relation, records: [record], ...(columns !== undefined && { columns }) },
    {
      id,
      digest: digestOf(id, code),
      recipient,
      until: Number.isNaN(until.getTime()) ? "" : until.toISOString(),
      ...(opens !== undefined && { opens }),
    },
  )
  return { id, code: code.replace(/(.{4})(?=.)/g, "$1-"), watermark }
}

/**
 * What a link is of, for who has its code; counted, and an event. Call it in a context of the clinic that shared, such as a
 * service's, and show the record by what that context may read. After five wrong codes the link is locked.
 *
 * @throws WK432 for whatever reason it does not open · WK101, WK102 · WK103 inside a transaction
 * @example const { record, watermark } = await openShare(wk, { id: request.params.id, code: request.body.code })
 */
export async function openShare(
  client: HandlingClient,
  { id, code }: { readonly id: string; readonly code: string },
): Promise<OpenedShare> {
  const opening = await call<string>(client, "wardkeep_audit.open_share($1, $2)", [id, typed(code)])
  if (opening === null) throw new WardkeepError("WK432")
  // Told by another transaction than the one that opened it, which has committed by now.
  const opened = await call<OpenedShare>(client, "wardkeep_audit.opened_share($1)", [opening])
  if (opened === null) throw new WardkeepError("WK432")
  return opened
}

/**
 * Takes a link back: who made it, or whoever may share from that table.
 *
 * @returns false when there was none to take back
 * @throws WK101, WK102 · WK103 inside a transaction
 * @example await revokeShare(wk, id)
 */
export async function revokeShare(client: HandlingClient, id: string): Promise<boolean> {
  return (await call<boolean>(client, "wardkeep_audit.revoke_share($1)", [id])) === true
}
