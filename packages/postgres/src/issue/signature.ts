import { createHmac, randomUUID } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"

export type RequestKind =
  | "session"
  | "service"
  | "reopen"
  | "break_glass"
  | "referral"
  | "offboard"
  | "declare_support"
  | "support"
  | "release_aggregate"

/** A request as the database checks it: the exact text, the key's id and the mark of the key on the text. */
export interface SignedRequest {
  readonly request: string
  readonly kid: string
  readonly mac: Buffer
}

/** @throws WK009 not 32 bytes, or an id of another form */
export function requireKey(keyId: string, key: Buffer | string): Buffer {
  if (!/^[a-z0-9]{4}$/.test(keyId))
    throw new WardkeepError("WK009", { message: "keyId has four lower-case letters or digits, as given to add_key" })
  const bytes = typeof key === "string" ? decoded(key) : key
  if (!Buffer.isBuffer(bytes) || bytes.length !== 32)
    throw new WardkeepError("WK009", { message: "key has 32 bytes, as a Buffer or in hex or base64" })
  return bytes
}

/** Signs `body` with time and a nonce, so that what was overheard on the way cannot be sent again. */
export function signRequest(kind: RequestKind, body: object, kid: string, key: Buffer): SignedRequest {
  const request = JSON.stringify({ ...body, nonce: randomUUID(), issued_at: new Date().toISOString() })
  return { request, kid, mac: createHmac("sha256", key).update(`${kind}:${request}`).digest() }
}

function decoded(key: string): Buffer {
  return Buffer.from(key, /^[0-9a-f]{64}$/i.test(key) ? "hex" : "base64")
}
