import { randomBytes } from "node:crypto"
import { type Policy, WardkeepError } from "@wardkeep/core"
import { type Connection, withOwner } from "../connection/owner.js"

export interface AddKeyOptions {
  readonly policy: Policy
  readonly connection: Connection
  readonly keyId: string
  /** 32 bytes in base64 or hex; made and returned once when it is not given. */
  readonly secret?: string | undefined
}

export interface AddedKey {
  readonly keyId: string
  /** base64; only when it was made here, and the only time it is known. */
  readonly generatedSecret?: string
}

/**
 * Adds a key with which the application signs its requests for a session. Old and new keys work side by side.
 *
 * @throws WK009 the id, the secret, or an id that exists · WK002 · WK005 · WK307
 * @example await addKey({ policy, connection: { env: process.env }, keyId: "k002" })
 */
export async function addKey({ policy, connection, keyId, secret }: AddKeyOptions): Promise<AddedKey> {
  requireKeyId(keyId)
  const bytes = secret === undefined ? randomBytes(32) : decode(secret)
  await withOwner(connection, policy, async (client) => {
    const { rows } = await client.query("select from wardkeep.signing_key where kid = $1", [keyId])
    if (rows.length > 0) {
      throw new WardkeepError("WK009", {
        message: `a key ${keyId} exists, live or retired`,
        hint: "Choose another id: an id is never used twice.",
      })
    }
    await client.query("select wardkeep.add_key($1, $2)", [keyId, bytes])
  })
  return secret === undefined ? { keyId, generatedSecret: bytes.toString("base64") } : { keyId }
}

export interface RetireKeyOptions {
  readonly policy: Policy
  readonly connection: Connection
  readonly keyId: string
  /** Also end every session issued under the key: what to do when a key was stolen. */
  readonly endSessions?: boolean
}

/**
 * Refuses new requests under a key.
 *
 * @throws WK009 no live key has this id · WK002 · WK005 · WK307
 * @example await retireKey({ policy, connection: { env: process.env }, keyId: "k001" })
 */
export async function retireKey(options: RetireKeyOptions): Promise<{ keyId: string; endedSessions: number }> {
  const { policy, connection, keyId, endSessions = false } = options
  requireKeyId(keyId)
  return await withOwner(connection, policy, async (client) => {
    const { rows: live } = await client.query(
      "select from wardkeep.signing_key where kid = $1 and retired_at is null",
      [keyId],
    )
    if (live.length === 0) {
      throw new WardkeepError("WK009", { message: `no live key has the id ${keyId}`, hint: "Check the id." })
    }
    const { rows } = await client.query<{ ended: number }>("select wardkeep.retire_key($1, $2) as ended", [
      keyId,
      endSessions,
    ])
    return { keyId, endedSessions: rows[0]?.ended ?? 0 }
  })
}

function requireKeyId(keyId: string): void {
  if (/^[a-z0-9]{4}$/.test(keyId)) return
  throw new WardkeepError("WK009", {
    message: "a key id has four lower-case letters or digits",
    hint: "For example k001.",
  })
}

function decode(secret: string): Buffer {
  const bytes = Buffer.from(secret, /^[0-9a-f]{64}$/i.test(secret) ? "hex" : "base64")
  if (bytes.length === 32) return bytes
  // The text is not repeated: it is a secret.
  throw new WardkeepError("WK009", {
    message: "the signing key in WARDKEEP_SIGNING_KEY is not 32 bytes in base64 or hex",
    hint: "Leave it unset to have one made, or write 32 random bytes.",
  })
}
