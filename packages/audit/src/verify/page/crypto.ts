import { ed25519 } from "@noble/curves/ed25519.js"
import { sha256 } from "@noble/hashes/sha2.js"

// What the verifier asks of node:crypto, for a browser. WebCrypto answers each hash later, and a bundle needs millions; noble is
// pure JavaScript, answers at once, and does not depend on whether this browser knows Ed25519.

/** An Ed25519 public key; the verifier's name for it in Node. */
export interface KeyObject {
  readonly asymmetricKeyType: "ed25519"
  readonly raw: Uint8Array
  export(format: { readonly format: "jwk" }): { readonly x: string }
}

/** SubjectPublicKeyInfo of an Ed25519 key, up to the key itself (RFC 8410, section 4). */
const spki = "302a300506032b6570032100"

export function createPublicKey(from: string | { readonly key: { readonly x: string } }): KeyObject {
  const raw = typeof from === "string" ? fromPem(from) : Buffer.from(from.key.x, "base64")
  if (raw.length !== 32) throw new Error("not an Ed25519 public key")
  return { asymmetricKeyType: "ed25519", raw, export: () => ({ x: Buffer.from(raw).toString("base64") }) }
}

function fromPem(text: string): Uint8Array {
  const [, encoded = ""] = /-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/.exec(text) ?? []
  const der = Buffer.from(encoded.replace(/\s/g, ""), "base64")
  if (der.length !== 44 || der.subarray(0, 12).toString("hex") !== spki) throw new Error("not an Ed25519 public key")
  return der.subarray(12)
}

export function hash(_algorithm: "sha256", bytes: Uint8Array, encoding: "buffer"): Buffer
export function hash(_algorithm: "sha256", bytes: Uint8Array, encoding: "binary" | "base64"): string
export function hash(
  _algorithm: "sha256",
  bytes: Uint8Array,
  encoding: "buffer" | "binary" | "base64",
): Buffer | string {
  const found = Buffer.from(sha256(bytes))
  return encoding === "buffer" ? found : found.toString(encoding)
}

type Running = ReturnType<typeof sha256.create>

class Hash {
  constructor(readonly running: Running) {}

  update(bytes: Uint8Array): this {
    this.running.update(bytes)
    return this
  }

  copy(): Hash {
    return new Hash(this.running.clone())
  }

  digest(_encoding: "hex"): string {
    return Buffer.from(this.running.digest()).toString("hex")
  }
}

export function createHash(): Hash {
  return new Hash(sha256.create())
}

/** RFC 8032 as OpenSSL reads it: ZIP 215 would take encodings that Node refuses. */
export function verify(_algorithm: null, message: Uint8Array, key: KeyObject, signature: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, key.raw, { zip215: false })
  } catch {
    return false
  }
}
