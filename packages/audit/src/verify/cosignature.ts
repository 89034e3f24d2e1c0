import { createPublicKey, hash, type KeyObject, verify } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { isBase64 } from "./base64.js"

/** A witness whose word counts. */
export interface WitnessKey {
  readonly name: string
  readonly id: Buffer
  readonly key: KeyObject
}

/** Who saw a checkpoint, and when by its own clock. */
export interface Cosignature {
  readonly name: string
  readonly at: Date
  /** As it stands in the checkpoint. */
  readonly line: string
}

/** C2SP tlog-cosignature: the type byte of Ed25519 cosignatures. */
const cosignatureType = 4

/**
 * Reads a C2SP vkey of an Ed25519 cosigner: `name+id+key`.
 *
 * @throws WK453 it is none, or its id is not that of the key
 * @example const key = witnessKey("witness.example/w1+83d4a7c5+BPqPL8pj…")
 */
export function witnessKey(vkey: string): WitnessKey {
  const [, name = "", id = "", encoded = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(vkey) ?? []
  const bytes = Buffer.from(encoded, "base64")
  const computed = hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), bytes]), "buffer").subarray(0, 4)
  if (bytes.length !== 33 || bytes[0] !== cosignatureType || computed.toString("hex") !== id)
    throw new WardkeepError("WK453", { message: "a witness's key is not a C2SP vkey of an Ed25519 cosigner" })
  const jwk = {
    kty: "OKP",
    crv: "Ed25519",
    x: bytes.subarray(1).toString("base64").replaceAll("+", "-").replaceAll("/", "_").replace("=", ""),
  }
  return { name, id: computed, key: createPublicKey({ key: jwk, format: "jwk" }) }
}

/** The cosignatures of these witnesses that hold; all others are passed over, as C2SP tlog-cosignature asks. */
export function cosignaturesOf(checkpoint: string, witnesses: readonly WitnessKey[]): Cosignature[] {
  const end = checkpoint.indexOf("\n\n")
  const body = checkpoint.slice(0, end + 1)
  const found: Cosignature[] = []
  for (const line of checkpoint.slice(end + 2).split("\n")) {
    const [, name, encoded = ""] = /^— (\S+) ([A-Za-z0-9+/]+=*)$/u.exec(line) ?? []
    const bytes = Buffer.from(encoded, "base64")
    if (bytes.length !== 76 || !isBase64(encoded)) continue
    const seconds = bytes.readBigUInt64BE(4)
    // What a Date can hold.
    if (seconds > 8_640_000_000_000n) continue
    const signed = Buffer.from(`cosignature/v1\ntime ${seconds}\n${body}`)
    const holds = witnesses.some(
      (witness) =>
        witness.name === name &&
        witness.id.equals(bytes.subarray(0, 4)) &&
        verify(null, signed, witness.key, bytes.subarray(12)),
    )
    if (holds && name !== undefined) found.push({ name, at: new Date(Number(seconds) * 1000), line })
  }
  return found
}
