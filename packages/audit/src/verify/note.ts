import { createPublicKey, hash, type KeyObject, verify } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import { isBase64 } from "./base64.js"

/** A tree head whose text has been read; whose it is is another question. */
export interface Checkpoint {
  readonly origin: string
  readonly size: number
  readonly root: Buffer
  /** `unknown`: signed by none of the trusted keys. `forged`: under the id of a trusted key, and not by it. */
  readonly signature: "valid" | "unknown" | "forged"
  /** Whose a valid signature is: SHA-256 of the 32 bytes of the public key, hex. */
  readonly key?: string
  /** Of a database: the time beside it, in microseconds since 1970. */
  readonly storedAt?: number
}

/**
 * @param pem Ed25519 public keys
 * @throws WK402 one is not
 */
export function trustedKeys(pem: readonly string[]): KeyObject[] {
  return pem.map((text) => {
    try {
      const key = createPublicKey(text)
      if (key.asymmetricKeyType === "ed25519") return key
    } catch {
      // Said below: the text may be a private key, which no message repeats.
    }
    throw new WardkeepError("WK402", { message: "a key to verify with is not an Ed25519 public key in PEM" })
  })
}

/** Reads a C2SP tlog-checkpoint; undefined when it is not one. */
export function readCheckpoint(note: string, keys: readonly KeyObject[]): Checkpoint | undefined {
  const found = /^(([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n((?:— \S+ [A-Za-z0-9+/=]+\n)+)$/u.exec(note)
  const [, body = "", origin = "", size = "", root = "", signatures = ""] = found ?? []
  if (found === null) return undefined
  return {
    origin,
    size: Number(size),
    root: Buffer.from(root, "base64"),
    ...judged(body, origin, signatures, keys),
  }
}

/** Whose signature of `name` stands among the lines under a note's text. */
export function judged(
  body: string,
  origin: string,
  lines: string,
  keys: readonly KeyObject[],
): Pick<Checkpoint, "signature" | "key"> {
  let forged = false
  for (const line of lines.trimEnd().split("\n")) {
    const [, name, encoded = ""] = line.split(" ")
    const bytes = isBase64(encoded) ? Buffer.from(encoded, "base64") : Buffer.of()
    // Others may cosign; only the log speaks for itself.
    if (name !== origin || bytes.length !== 68) continue
    for (const key of keys) {
      if (!keyId(origin, key).equals(bytes.subarray(0, 4))) continue
      if (verify(null, Buffer.from(body), key, bytes.subarray(4)))
        return { signature: "valid", key: hash("sha256", rawKey(key), "buffer").toString("hex") }
      forged = true
    }
  }
  return { signature: forged ? "forged" : "unknown" }
}

function keyId(name: string, key: KeyObject): Buffer {
  return hash("sha256", Buffer.concat([Buffer.from(`${name}\n`), Buffer.of(1), rawKey(key)]), "buffer").subarray(0, 4)
}

function rawKey(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64")
}
