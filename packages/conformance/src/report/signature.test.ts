import { generateKeyPairSync, type KeyObject } from "node:crypto"
import fc from "fast-check"
import { expect, test } from "vitest"
import { clean, leaking } from "./sample-report.js"
import { parseSignedReport, reportHash, signReport, verifyReport } from "./signature.js"

function pemPair(pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject }) {
  return {
    publicKey: pair.publicKey.export({ type: "spki", format: "pem" }).toString(),
    privateKey: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  }
}
const keys = pemPair(generateKeyPairSync("ed25519"))
const others = pemPair(generateKeyPairSync("ed25519"))
const signed = signReport(leaking, keys.privateKey)

test("a signed report is verified after a trip through a file, however the file is laid out", () => {
  const reordered = Object.fromEntries(Object.entries(signed).reverse())
  for (const text of [JSON.stringify(signed), JSON.stringify(signed, null, 4), JSON.stringify(reordered)]) {
    expect(verifyReport(parseSignedReport(text), keys.publicKey)).toEqual(leaking)
  }
})

/** Every place of the document that holds a value. */
function places(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path]
  return Object.entries(value).flatMap(([name, inner]) => places(inner, [...path, name]))
}

function changed(value: unknown, [name, ...rest]: readonly string[], to: (old: unknown) => unknown): unknown {
  if (name === undefined) return to(value)
  const entries = Object.entries(Object(value)).map(([key, inner]) => [
    key,
    key === name ? changed(inner, rest, to) : inner,
  ])
  return Array.isArray(value) ? entries.map(([, inner]) => inner) : Object.fromEntries(entries)
}

const different = (old: unknown): unknown => (typeof old === "number" ? old + 1 : `${String(old)}x`)

test("changing any one value of report or signature is noticed", () => {
  fc.assert(
    fc.property(fc.constantFrom(...places(signed)), (path) => {
      const text = JSON.stringify(changed(signed, path, different))
      // The key id is a name for people; the signature decides.
      if (path.join(".") === "signature.keyId") return
      expect(() => verifyReport(parseSignedReport(text), keys.publicKey)).toThrow(/WK77[13]|report|signature/)
    }),
    { numRuns: 300 },
  )
})

test("a finding that was taken out, and a verdict that was made better, are noticed", () => {
  const report = { ...leaking, verdict: "NOT_FOUND" as const, findings: [] }
  expect(() => verifyReport({ ...signed, report }, keys.publicKey)).toThrow(expect.objectContaining({ code: "WK771" }))
  const hashed = { report, signature: { ...signed.signature, sha256: reportHash(report) } }
  expect(() => verifyReport(hashed, keys.publicKey)).toThrow(expect.objectContaining({ code: "WK771" }))
})

test("another key did not sign it, and the error names both keys", () => {
  const otherId = signReport(leaking, others.privateKey).signature.keyId
  expect(() => verifyReport(signed, others.publicKey)).toThrow(new RegExp(`${otherId}.*${signed.signature.keyId}`))
})

test("a report signed under another tool version is refused", () => {
  const signature = { ...signed.signature, toolVersion: "9.9.9" }
  expect(() => verifyReport({ ...signed, signature }, keys.publicKey)).toThrow(
    expect.objectContaining({ code: "WK771" }),
  )
})

test("two reports have the same hash only if they are the same", () => {
  expect(reportHash(clean)).toBe(reportHash(JSON.parse(JSON.stringify(clean))))
  expect(reportHash({ ...clean, seconds: 12.346 })).not.toBe(reportHash(clean))
  expect(reportHash({ ...clean, notCovered: [] })).not.toBe(reportHash(clean))
})

test.each([
  ["text", "not a key"],
  ["an RSA key", pemPair(generateKeyPairSync("rsa", { modulusLength: 1024 })).privateKey],
])("%s is no key to sign with, and is never quoted", (_what, key) => {
  expect(() => signReport(clean, key)).toThrow(expect.objectContaining({ code: "WK772" }))
  expect(() => signReport(clean, key)).not.toThrow(new RegExp(key.slice(0, 20).replace(/[^\w ]/g, ".")))
})

test("a public key cannot sign", () => {
  expect(() => signReport(clean, keys.publicKey)).toThrow(expect.objectContaining({ code: "WK772" }))
})

test("a report without a signature is not a signed report", () => {
  expect(() => parseSignedReport(JSON.stringify(clean))).toThrow(expect.objectContaining({ code: "WK773" }))
})
