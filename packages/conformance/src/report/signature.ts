import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto"
import { canonicalJson, type Json, WardkeepError } from "@wardkeep/core"
import { z } from "zod"
import type { Report } from "./report.js"
import { parseDocument, reportSchema } from "./schema.js"

/** A report, and who says so. `wardkeep verify --format json --sign` writes it; any Ed25519 implementation can check it. */
export interface SignedReport {
  readonly report: Report
  readonly signature: ReportSignature
}

export interface ReportSignature {
  readonly algorithm: "Ed25519"
  /** The version that made the report. Part of what is signed. */
  readonly toolVersion: string
  /** `reportHash`, hex. Part of what is signed. */
  readonly sha256: string
  /** First 16 hex digits of the SHA-256 of the public key's SPKI DER form: names the key, proves nothing. */
  readonly keyId: string
  /** Base64. */
  readonly value: string
}

const signedSchema: z.ZodType<SignedReport> = z.strictObject({
  report: reportSchema,
  signature: z.strictObject({
    algorithm: z.literal("Ed25519"),
    toolVersion: z.string(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, "a SHA-256 is 64 hex digits"),
    keyId: z.string().regex(/^[0-9a-f]{16}$/, "a key id is 16 hex digits"),
    value: z.base64(),
  }),
})

/** SHA-256, hex, of the report's canonical JSON (RFC 8785 over integers and well-formed text). */
export function reportHash(report: Report): string {
  const document: Json = JSON.parse(JSON.stringify(report))
  return createHash("sha256")
    .update(canonicalJson(canonicalParts(document)))
    .digest("hex")
}

/**
 * Fractions and halves of surrogate pairs have no canonical form and enter as objects, which the schema allows in no such
 * place: no other report has the same bytes.
 */
function canonicalParts(value: Json): Json {
  if (typeof value === "number" && !Number.isSafeInteger(value)) return { decimal: String(value) }
  if (typeof value === "string" && !isWellFormed(value)) return { utf16: Buffer.from(value, "utf16le").toString("hex") }
  if (typeof value !== "object" || value === null) return value
  if (isList(value)) return value.map(canonicalParts)
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, inner === undefined ? undefined : canonicalParts(inner)]),
  )
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text)
}

/** What the signature covers. The first member keeps it from ever being read as a signature over something else. */
function statement(toolVersion: string, sha256: string): Buffer {
  return Buffer.from(canonicalJson({ kind: "wardkeep-report/v1", tool: "wardkeep", toolVersion, sha256 }))
}

/**
 * Signs a report with an Ed25519 private key (PKCS8 PEM, as `openssl genpkey -algorithm ed25519` writes it).
 *
 * @throws WK772 the key is not an Ed25519 private key
 * @example await writeFile("report.json", JSON.stringify(signReport(report, process.env.WARDKEEP_REPORT_KEY)))
 */
export function signReport(report: Report, privateKeyPem: string): SignedReport {
  const key = keyFrom(privateKeyPem, createPrivateKey, "private")
  const sha256 = reportHash(report)
  const toolVersion = report.tool.version
  const value = sign(null, statement(toolVersion, sha256), key).toString("base64")
  const keyId = keyIdOf(createPublicKey(key))
  return { report, signature: { algorithm: "Ed25519", toolVersion, sha256, keyId, value } }
}

/**
 * Says before the work that a key can sign.
 *
 * @throws WK772 the key is not an Ed25519 private key
 */
export function assertSigningKey(privateKeyPem: string): void {
  keyFrom(privateKeyPem, createPrivateKey, "private")
}

/**
 * The report, if this key signed exactly it. The key must come from whom you trust, never from where the report came from.
 *
 * @throws WK771 the report was changed, or another key signed it
 * @throws WK772 the key is not an Ed25519 public key
 * @example const report = verifyReport(parseSignedReport(text), await readFile("auditor.pub", "utf8"))
 */
export function verifyReport({ report, signature }: SignedReport, publicKeyPem: string): Report {
  const key = keyFrom(publicKeyPem, createPublicKey, "public")
  const sha256 = reportHash(report)
  if (sha256 !== signature.sha256) {
    throw new WardkeepError("WK771", { message: "the report is not the one that was signed: its SHA-256 differs" })
  }
  if (report.tool.version !== signature.toolVersion) {
    throw new WardkeepError("WK771", { message: "the report and its signature name different tool versions" })
  }
  const value = Buffer.from(signature.value, "base64")
  if (!verify(null, statement(signature.toolVersion, sha256), key, value)) {
    throw new WardkeepError("WK771", {
      message: `this key (${keyIdOf(key)}) did not sign the report; the signature names key ${signature.keyId}`,
    })
  }
  return report
}

/**
 * Reads a signed JSON report.
 *
 * @throws WK773 not JSON, or not a signed report
 */
export function parseSignedReport(text: string): SignedReport {
  return parseDocument(text, signedSchema, "WK773", "the signed report")
}

function keyFrom(pem: string, create: (pem: string) => KeyObject, kind: "private" | "public"): KeyObject {
  let key: KeyObject
  try {
    key = create(pem)
  } catch {
    // The cause could quote the key.
    throw new WardkeepError("WK772", { message: `the ${kind} key is not PEM text that can be read` })
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new WardkeepError("WK772", { message: `the ${kind} key is not an Ed25519 key` })
  }
  return key
}

function keyIdOf(key: KeyObject): string {
  return createHash("sha256")
    .update(key.export({ type: "spki", format: "der" }))
    .digest("hex")
    .slice(0, 16)
}
