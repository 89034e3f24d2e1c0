import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { canonicalJson, type Json, WardkeepError } from "@wardkeep/core"
import type { Review } from "./review.js"

export interface Attestation {
  /** Who says it: a name, as the signer wrote it. */
  readonly by: string
  readonly statement: string
}

/** A review, what somebody says about it, and their signature over both. Any Ed25519 implementation can check it. */
export interface AttestedReview {
  readonly review: Review
  readonly attestation: Attestation
  readonly signature: {
    readonly algorithm: "Ed25519"
    /** Hex, of the canonical JSON (RFC 8785) of the review. Part of what is signed. */
    readonly sha256: string
    /** First 16 hex digits of the SHA-256 of the public key's SPKI DER form: names the key, proves nothing. */
    readonly keyId: string
    /** Base64, over the canonical JSON of `{ kind: "wardkeep-access-review/v1", sha256, by, statement }`. */
    readonly value: string
  }
}

/**
 * Signs a review with the Ed25519 private key of whoever answers for it.
 *
 * @throws WK772 the key is not an Ed25519 private key in PEM · WK009 nobody, or nothing, is attested
 * @example attest(found, { by: "Dr. Asha Rao", statement: "reviewed, nothing to take away" }, pem)
 */
export function attest(review: Review, { by, statement }: Attestation, privateKeyPem: string): AttestedReview {
  if (by.trim() === "" || statement.trim() === "")
    throw new WardkeepError("WK009", { message: "an attestation names who says it, and what" })
  const key = keyFrom(privateKeyPem, createPrivateKey, "private")
  const sha256 = hashOf(review)
  const value = sign(null, signed(sha256, { by, statement }), key).toString("base64")
  const keyId = keyIdOf(createPublicKey(key))
  return { review, attestation: { by, statement }, signature: { algorithm: "Ed25519", sha256, keyId, value } }
}

/**
 * Whether this key signed exactly this review and these words. The key comes from whom you trust, never with the file.
 *
 * @throws WK771 it was changed, or another key signed it · WK772 the key is not an Ed25519 public key · WK773 not such a file
 * @example checkAttested(await readFile("review.json", "utf8"), await readFile("asha.pub", "utf8")).attestation.by
 */
export function checkAttested(text: string, publicKeyPem: string): AttestedReview {
  const found = parse(text)
  const key = keyFrom(publicKeyPem, createPublicKey, "public")
  const { sha256, value, keyId } = found.signature
  if (hashOf(found.review) !== sha256)
    throw new WardkeepError("WK771", { message: "the review is not the one that was signed: its SHA-256 differs" })
  if (!verify(null, signed(sha256, found.attestation), key, Buffer.from(value, "base64")))
    throw new WardkeepError("WK771", {
      message: `this key (${keyIdOf(key)}) did not sign it; the signature names key ${keyId}`,
    })
  if (keyId !== keyIdOf(key))
    throw new WardkeepError("WK771", {
      message: `this key (${keyIdOf(key)}) signed it, and the file names another one, which nobody signed`,
    })
  return found
}

/**
 * Reads a review that was made earlier, as `--out` wrote it: what is signed is what was reviewed, not what holds by now.
 *
 * @throws WK773 it is not one, or is signed or decided already
 * @example parseReview(await readFile("review.json", "utf8")).at
 */
export function parseReview(text: string): Review {
  const found = parsed(text)
  if (isReview(found)) return found
  throw new WardkeepError("WK773", {
    message: "this is not an access review that waits for a signature",
    hint: "Give the file that `wardkeep matrix review --out` wrote, and the sheet of `--csv` with --decisions.",
  })
}

const members = [
  ...["assignments", "at", "deployment", "keptBy", "leftOpen", "notRecorded", "people", "sharedLogins", "tenant"],
  "unusedDays",
]
const texts = ["id", "actor", "tenant", "role", "scope", "validFrom", "grantedBy", "grantedAs", "grantedAt", "reason"]

function isReview(value: unknown): value is Review {
  if (!hasExactly(value, members)) return false
  const of = (name: string): unknown => Reflect.get(value, name)
  const assignments = of("assignments")
  return (
    typeof of("at") === "string" &&
    ["leftOpen", "notRecorded", "people", "sharedLogins"].every((name) => Array.isArray(of(name))) &&
    Array.isArray(assignments) &&
    assignments.every(
      (one: unknown) =>
        hasExactly(one, [...texts, "lastSession", "notes", "unused", "validUntil"].sort()) &&
        texts.every((name) => typeof Reflect.get(one, name) === "string") &&
        ["lastSession", "validUntil"].every((name) => ["string", "object"].includes(typeof Reflect.get(one, name))) &&
        Array.isArray(Reflect.get(one, "notes")),
    )
  )
}

function hashOf(review: Review): string {
  const document: Json = JSON.parse(JSON.stringify(review))
  return createHash("sha256").update(canonicalJson(document)).digest("hex")
}

/** The first member keeps it from ever being read as a signature over something else. */
function signed(sha256: string, { by, statement }: Attestation): Buffer {
  return Buffer.from(canonicalJson({ kind: "wardkeep-access-review/v1", sha256, by, statement }))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function parse(text: string): AttestedReview {
  const found = parsed(text)
  if (isAttested(found)) return found
  throw new WardkeepError("WK773", {
    message: "this is not an attested access review",
    hint: "Give the file that `wardkeep matrix review --sign` wrote.",
  })
}

/** Nothing else is in it: what is neither hashed nor signed must not be read as if it were. */
function isAttested(value: unknown): value is AttestedReview {
  if (!hasExactly(value, ["attestation", "review", "signature"])) return false
  const of = (name: string): unknown => Reflect.get(value, name)
  const signature = of("signature")
  return (
    Object(of("review")) === of("review") &&
    hasTexts(of("attestation"), ["by", "statement"]) &&
    hasTexts(signature, ["algorithm", "keyId", "sha256", "value"]) &&
    Reflect.get(signature, "algorithm") === "Ed25519"
  )
}

function hasTexts(value: unknown, names: readonly string[]): value is object {
  return hasExactly(value, names) && Object.values(value).every((text) => typeof text === "string")
}

function hasExactly(value: unknown, names: readonly string[]): value is object {
  return typeof value === "object" && value !== null && Object.keys(value).sort().join() === names.join()
}

function keyFrom(pem: string, create: (pem: string) => KeyObject, kind: "private" | "public"): KeyObject {
  let key: KeyObject
  try {
    key = create(pem)
  } catch {
    // The cause could quote the key.
    throw new WardkeepError("WK772", { message: `the ${kind} key is not PEM text that can be read` })
  }
  if (key.asymmetricKeyType !== "ed25519")
    throw new WardkeepError("WK772", { message: `the ${kind} key is not an Ed25519 key` })
  return key
}

function keyIdOf(key: KeyObject): string {
  const der = key.export({ type: "spki", format: "der" })
  return createHash("sha256").update(der).digest("hex").slice(0, 16)
}
