import { spawnSync } from "node:child_process"
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { expect, it } from "vitest"
import { checkpointNote, signerFrom } from "../seal/note.js"
import { cosignaturesOf, readCheckpoint, trustedKeys, witnessKey } from "./index.js"
import { judged } from "./note.js"

const seed = Number(process.env.WARDKEEP_SEED ?? Date.now() % 2 ** 31)
const changes = 300

interface Said {
  readonly signature: string
  readonly cosigned: [name: string, seconds: number][]
}

/** By the Python of the second implementation: notes, and who has to have signed each; null for a checkpoint's origin. */
function second(notes: readonly (readonly [note: string, name: string | null])[], keys: readonly string[]): Said[] {
  const script = fileURLToPath(new URL("second_note.py", import.meta.url))
  const input = `${notes.map((each) => JSON.stringify(each)).join("\n")}\n`
  const run = spawnSync("python3", [script, ...keys], { input, encoding: "utf8" })
  expect(run.stderr).toBe("")
  const answers: Said[] = JSON.parse(`[${run.stdout.trimEnd().split("\n").join()}]`)
  expect(answers).toHaveLength(notes.length)
  return answers
}

function ours(note: string, keys: readonly string[], vkeys: readonly string[]): Said {
  const signature = readCheckpoint(note, trustedKeys(keys))?.signature
  if (signature === undefined) return { signature: "none", cosigned: [] }
  const cosigned = cosignaturesOf(note, vkeys.map(witnessKey))
  return { signature, cosigned: cosigned.map(({ name, at }) => [name, at.getTime() / 1000]) }
}

/** The key of a C2SP vkey of type 1, as PEM. */
function pemOf(vkey: string): string {
  const typed = Buffer.from(vkey.replace(/^[^+]+\+[^+]+\+/, ""), "base64")
  const key = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), typed.subarray(1)])
  return createPublicKey({ key, format: "der", type: "spki" }).export({ format: "pem", type: "spki" }).toString()
}

/** The examples of c2sp.org/signed-note (Verifier keys) and of the documentation of golang.org/x/mod/sumdb/note. */
const published = [
  {
    vkey: "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
    text: "This is an example message.\n",
    signed: "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=",
  },
  {
    vkey: "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    text: "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
    signed: "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
  },
]

it.each(published)(
  "the published note of $vkey is read by both, and no other text or name",
  ({ vkey, text, signed }) => {
    const [name = ""] = vkey.split("+")
    const pem = pemOf(vkey)
    const cases = [
      [text, name, "valid"],
      [text.replace("i", "j"), name, "forged"],
      [text, `${name}x`, "unknown"],
    ] as const
    const notes = cases.map(([body, by]) => [`${body}\n— ${by} ${signed}\n`, by] as const)
    expect(second(notes, [pem]).map(({ signature }) => signature)).toEqual(cases.map(([, , word]) => word))
    for (const [body, by, word] of cases)
      expect(judged(body, by, `— ${by} ${signed}\n`, trustedKeys([pem])).signature).toBe(word)
  },
)

/** A checkpoint of a public log for tests of Certificate Transparency, with the cosignature of a public witness: others made both. */
const log = "arche2025h1.staging.ct.transparency.dev"
const logKey = `${log}+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f`
const remora = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
const witnessed = `${log}
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— ${log} zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— ${log} ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
`

it("a public log's checkpoint is valid, and a public witness saw it, by both; of another size neither", () => {
  const pem = pemOf(logKey)
  const notes = [witnessed, witnessed.replace("1432088532", "1432088533")]
  const expected = [
    { signature: "valid", cosigned: [["remora.n621.de", 1_779_573_024]] },
    { signature: "forged", cosigned: [] },
  ]
  expect(notes.map((note) => ours(note, [pem], [remora]))).toEqual(expected)
  expect(
    second(
      notes.map((note) => [note, null]),
      [pem, remora],
    ),
  ).toEqual(expected)
})

interface Cosigner {
  readonly vkey: string
  cosign(body: string, seconds: bigint): string
}

/** C2SP tlog-cosignature, by the test itself. */
function cosigner(name: string): Cosigner {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const typed = Buffer.concat([Buffer.of(4), publicKey.export({ format: "der", type: "spki" }).subarray(-32)])
  const id = createHash("sha256").update(`${name}\n`).update(typed).digest().subarray(0, 4)
  return {
    vkey: `${name}+${id.toString("hex")}+${typed.toString("base64")}`,
    cosign(body, seconds) {
      const stamp = Buffer.alloc(8)
      stamp.writeBigUInt64BE(seconds)
      const signature = sign(null, Buffer.from(`cosignature/v1\ntime ${seconds}\n${body}`), privateKey)
      return `— ${name} ${Buffer.concat([id, stamp, signature]).toString("base64")}\n`
    },
  }
}

const { privateKey, publicKey } = generateKeyPairSync("ed25519")
const exported = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString()
const signer = signerFrom(privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const [one, two, stranger] = ["one", "two", "one"].map((name) => cosigner(`witness.example/${name}`))
if (one === undefined || two === undefined || stranger === undefined) throw new Error("three cosigners")
const note = checkpointNote(signer, "wardkeep/clinic/5f0c", 7n, Buffer.alloc(32, 9))
const body = note.slice(0, note.indexOf("\n\n") + 1)
const [pem, vkeys] = [exported(publicKey), [one.vkey, two.vkey]]

it("cosignatures count where a known witness made them of this text at this time, by both", () => {
  const [good = "", name = ""] = [one.cosign(body, 1_790_000_000n), "witness.example/one"]
  const own = Buffer.from(good.split(" ")[2] ?? "", "base64")
  const strange = Buffer.from(stranger.cosign(body, 1_790_000_000n).split(" ")[2] ?? "", "base64")
  const line = (...pieces: readonly Buffer[]): string => `— ${name} ${Buffer.concat(pieces).toString("base64")}\n`
  const later = Buffer.from(own)
  later[11] = (later[11] ?? 0) ^ 1
  const cases = [
    ["both", good + two.cosign(body, 1_790_000_001n), 2],
    ["by a stranger", line(strange), 0],
    ["by a stranger under the id of a witness", line(own.subarray(0, 4), strange.subarray(4)), 0],
    ["at another time", line(later), 0],
    ["of another text", one.cosign(body.replace("7", "8"), 1_790_000_000n), 0],
    ["under the name of another witness", good.replace("/one", "/two"), 0],
    ["a byte longer", line(own, Buffer.of(0)), 0],
  ] as const
  const notes = cases.map(([, lines]) => note + lines)
  const answers = second(
    notes.map((each) => [each, null]),
    [pem, ...vkeys],
  )
  for (const [at, [what, , count]] of cases.entries()) {
    expect(answers[at], what).toEqual(ours(notes[at] ?? "", [pem], vkeys))
    expect(answers[at]?.signature, what).toBe("valid")
    expect(answers[at]?.cosigned, what).toHaveLength(count)
  }
})

it(`both say the same of ${changes} checkpoints in which a letter was changed (seed ${seed})`, () => {
  const whole = note + one.cosign(body, 1_790_000_000n)
  const letter = fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code))
  const change = fc.record({ at: fc.nat(whole.length - 1), to: letter })
  const notes = fc
    .sample(change, { seed, numRuns: changes })
    .map(({ at, to }) => whole.slice(0, at) + (whole[at] === to ? "~" : to) + whole.slice(at + 1))
  const answers = second(
    notes.map((each) => [each, null]),
    [pem, ...vkeys],
  )
  expect(answers).toEqual(notes.map((each) => ours(each, [pem], vkeys)))
  expect(new Set(answers.map(({ signature }) => signature))).toEqual(new Set(["valid", "forged", "unknown", "none"]))
  // Whatever was changed, one of both does not hold, but where base64 has letters for the same bytes.
  const bytes = (text: string): string[] => text.split(" ").map((word) => Buffer.from(word, "base64").toString("hex"))
  for (const [at, { signature, cosigned }] of answers.entries())
    if (signature === "valid" && cosigned.length > 0) expect(bytes(notes[at] ?? "")).toEqual(bytes(whole))
})
