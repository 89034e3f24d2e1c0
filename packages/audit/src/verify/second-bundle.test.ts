import { generateKeyPairSync } from "node:crypto"
import { beforeAll, expect, it } from "vitest"
import { ended, pem, sealed, signer } from "#tests/fixture/sealed-bundle.ts"
import { second } from "#tests/fixture/second-reader.ts"
import { type Signer, signedNote, signerFrom } from "../seal/note.js"
import { eventLeaf, leafOf, type OpenEvent, Tree } from "./hashing.js"
import { trustedKeys, verifyBundle } from "./index.js"

type Line = Record<string, unknown>

const good = sealed(9).text
const lines = (): Line[] =>
  good
    .trimEnd()
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line))
const [topNote, batch, head, note, first] = [2, 3, 4, 6, 7]

/** In pieces that end anywhere, or as a whole. */
async function* pieces(text: string, size: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function says(text: string, size: number): Promise<unknown> {
  try {
    return await verifyBundle({ bytes: pieces(text, size), keys: trustedKeys([pem]) })
  } catch (error) {
    if (error instanceof Error && "code" in error) return { code: error.code, message: error.message }
    throw error
  }
}

type Change = (lines: Line[]) => unknown
const leaf =
  (at: number, change: Line): Change =>
  (all) => {
    all[at] = { ...all[at], ...change }
  }
const event =
  (at: number, change: Line): Change =>
  (all) => {
    all[at] = { ...all[at], event: { ...(all[at]?.event as Line), ...change } }
  }
const withheld =
  (...places: number[]): Change =>
  (all) => {
    for (const at of places) all[at] = { leaf: all[at]?.leaf, hash: all[at]?.hash }
  }
const zeros = Buffer.alloc(32).toString("base64")
const checkpoint =
  (change: (text: string) => string, ...places: number[]): Change =>
  (all) => {
    for (const at of places) all[at] = { checkpoint: change(String(all[at]?.checkpoint)) }
  }
const made = (): Signer =>
  signerFrom(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString())
const other = made()
const resigned = (text: string): string => {
  const body = text.slice(0, text.indexOf("\n\n") + 1)
  return signedNote(other, body.split("\n")[0] ?? "", body)
}
/** The bytes under a checkpoint: 4 of the key's id and 64 of the signature. */
const signatureOf = (text: string): Buffer => Buffer.from(text.split(" ").at(-1) ?? "", "base64")
const signedBy = (text: string, bytes: Buffer): string =>
  `${text.slice(0, text.lastIndexOf(" "))} ${bytes.toString("base64")}\n`
const turned =
  (at: number) =>
  (text: string): string => {
    const bytes = signatureOf(text)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    return signedBy(text, bytes)
  }
const underTrustedId = (text: string): string =>
  signedBy(text, Buffer.concat([signatureOf(text).subarray(0, 4), signatureOf(resigned(text)).subarray(4)]))

/** By whoever has the database and not the key: somebody else did it, and each hash and root above fits again. */
function writtenAnew(all: Line[]): void {
  const rootOf = (leaves: readonly Line[]): Buffer => {
    const tree = new Tree()
    for (const { hash } of leaves) tree.push(Buffer.from(String(hash), "base64"))
    return tree.root()
  }
  const sealing = (at: number, root: Buffer): void => {
    checkpoint((text) => text.replace(/(?<=^[^\n]+\n\d+\n)[^\n]+/, () => root.toString("base64")), at)(all)
  }
  event(first, { actor: { salt: zeros, value: "x" } })(all)
  leaf(first, { hash: eventLeaf(all[first]?.event as OpenEvent).toString("base64") })(all)
  const root = rootOf(all.slice(first))
  sealing(note, root)
  const entry = Buffer.concat([Buffer.from(String(all[head]?.entry), "base64").subarray(0, -32), root])
  leaf(head, { entry: entry.toString("base64"), hash: leafOf(entry).toString("base64") })(all)
  sealing(topNote, rootOf(all.slice(batch, head + 1)))
}

/** Name, seed and leaves of the logs stay as they are. */
function renamed(all: Line[]): void {
  all[0] = { ...all[0], log: String(all[0]?.log).replace("5f0c", "5f0d") }
  checkpoint((text) => text.replace("5f0c", "5f0d"), topNote, note)(all)
}

const cases: readonly [what: string, change: Change, word: string][] = [
  ["nothing", () => undefined, "OK"],
  ["an event kept back", withheld(first + 2), "OK"],
  ["who did it", event(first + 2, { actor: { salt: zeros, value: "x" } }), "EDITED"],
  ["the hash of an event", leaf(first + 2, { hash: zeros }), "EDITED"],
  [
    "the hash of an event kept back",
    (all) => {
      withheld(first)(all)
      leaf(first, { hash: zeros })(all)
    },
    "EDITED",
  ],
  [
    "the hash of an event kept back, a byte longer",
    (all) => {
      withheld(first)(all)
      const longer = Buffer.concat([Buffer.from(String(all[first]?.hash), "base64"), Buffer.of(0)])
      leaf(first, { hash: longer.toString("base64") })(all)
    },
    "EDITED",
  ],
  [
    "where the hash of one that is kept back ends and the next begins",
    (all) => {
      withheld(first, first + 1)(all)
      const both = Buffer.concat([first, first + 1].map((at) => Buffer.from(String(all[at]?.hash), "base64")))
      leaf(first, { hash: both.subarray(0, 31).toString("base64") })(all)
      leaf(first + 1, { hash: both.subarray(31).toString("base64") })(all)
    },
    "EDITED",
  ],
  [
    "an event that is said to be gone",
    (all) => {
      withheld(first)(all)
      leaf(first, { gone: true })(all)
    },
    "DELETED",
  ],
  ["a leaf cut out", (all) => all.splice(first + 2, 1), "DELETED"],
  ["the newest leaves cut", (all) => all.splice(-2), "TRUNCATED"],
  ["a leaf twice", (all) => all.splice(first, 0, all[first] ?? {}), "INSERTED"],
  ["a leaf more", (all) => all.push({ leaf: 9, hash: zeros }), "INSERTED"],
  ["the batch kept back", withheld(batch), "DELETED"],
  ["the tree head kept back", withheld(head), "DELETED"],
  ["the batch and the tree head kept back", withheld(batch, head), "DELETED"],
  [
    "the time of the batch, to one that no calendar has",
    (all) => {
      const bytes = Buffer.from(String(all[batch]?.entry), "base64").fill(0xff, 10, 18)
      leaf(batch, { entry: bytes.toString("base64") })(all)
    },
    "EDITED",
  ],
  ["another seed", leaf(5, { seed: zeros }), "SPLIT_VIEW"],
  ["no leaf and no checkpoint of the clinic", (all) => all.splice(6), "ROLLED_BACK"],
  ["a bit of the signature of the deployment's log", checkpoint(turned(4), topNote), "EDITED"],
  ["the last bit of the signature of the clinic's log", checkpoint(turned(67), note), "EDITED"],
  ["the id of the key that signed", checkpoint(turned(0), note), "KEY_UNKNOWN"],
  ["who signed, to another key", checkpoint(resigned, topNote, note), "KEY_UNKNOWN"],
  ["who signed the clinic's log, to another key", checkpoint(resigned, note), "KEY_UNKNOWN"],
  ["who signed, to another key under the trusted one's id", checkpoint(underTrustedId, topNote, note), "EDITED"],
  ["an event and everything above it but the signatures", writtenAnew, "EDITED"],
  ["the name of the logs, where no signature has it", renamed, "KEY_UNKNOWN"],
  [
    "the name of the logs, under the signatures too",
    (all) => {
      renamed(all)
      checkpoint((text) => text.replaceAll("5f0c", "5f0d"), topNote, note)(all)
    },
    "KEY_UNKNOWN",
  ],
  ["the number of leaves, by a zero before it", checkpoint((text) => text.replace("\n9", "\n09"), note), "EDITED"],
  ["the signature, by none", checkpoint((text) => text.replace(/(?<=\n\n).*\n$/s, ""), note), "EDITED"],
  ["a cosignature of nobody known more", checkpoint((text) => `${text}— w.example ${zeros}\n`, topNote, note), "OK"],
  ["a commitment with what it says", event(first + 1, { actor: { commitment: zeros, value: "x" } }), "damaged"],
  ["a commitment of 31 bytes", event(first + 1, { record: { commitment: `${zeros.slice(0, -2)}==` } }), "damaged"],
  ["a commitment of other letters", event(first + 1, { record: { commitment: zeros.replace("A", "_") } }), "damaged"],
  [
    "a commitment of letters beyond ASCII",
    event(first, { record: { commitment: zeros.replace("A", "Ā") } }),
    "damaged",
  ],
  ["no salt", event(first + 1, { detail: { value: "x" } }), "damaged"],
  ["a number with zeros before it", event(first, { id: "001" }), "damaged"],
  ["a number that is none", event(first, { id: 1 }), "damaged"],
  ["a number beyond eight bytes", event(first, { xid: "9223372036854775808" }), "damaged"],
  ["another number of events", event(first, { n: 1 + 2 ** 32 }), "damaged"],
  ["a group that is no text", event(first, { groups: [1] }), "damaged"],
  ["no clinic", event(first, { tenant: null }), "damaged"],
  ["half of a character", event(first, { request: "\ud83d" }), "damaged"],
  ["the other half, as what is opened", event(first, { record: { salt: zeros, value: "\ude00" } }), "damaged"],
  ["two halves in the wrong order, as a name", event(first, { "\ude00\ud83d": 1 }), "damaged"],
]
const texts = cases.map(([, change]) => {
  const changed = lines()
  change(changed)
  return ended(changed.map((line) => JSON.stringify(line)))
})
let others: (boolean | number)[] = []

// As long as a test has: on a machine that is busy Python alone took more than the ten seconds of a hook.
beforeAll(() => {
  others = second(texts, pem)
}, 60_000)

it.each(cases.map(([what, , word], at) => ({ what, word, at })))(
  "both implementations say of a bundle in which is changed: $what, $word",
  async ({ word, at }) => {
    const text = texts[at] ?? ""
    const found = await says(text, text.length)
    expect(JSON.stringify(found)).toContain(word === "OK" ? '"ok":true,' : word)
    const damaged = /line (\d+) of the bundle is damaged/.exec(JSON.stringify(found))?.[1]
    expect(others[at]).toBe(damaged === undefined ? word === "OK" : Number(damaged))
    for (const size of [13, 997]) expect(await says(text, size)).toEqual(found)
  },
)

it.each(["null", "{}", "[]", "7"])(
  "a line between leaves that is %s is no pause: the bundle is damaged",
  async (line) => {
    const all = good.trimEnd().split("\n").slice(0, -1)
    const text = ended(all.toSpliced(first + 2, 0, line))
    for (const size of [1, text.length]) expect(await says(text, size)).toMatchObject({ code: "WK405" })
  },
)

it("a text that is sealed with U+FFFD is not read as another one, by an escape or by bytes that are none", async () => {
  // The salts of the first event are those that were sealed: what is hashed is the same.
  const of = (text: string): string => text.replace('"request":null', '"request":"x\ufffd"')
  const all = good.trimEnd().split("\n").slice(0, -1)
  const sealedText = ended(all.toSpliced(first, 1, of(all[first] ?? "")))
  for (const other of ["\\ud83d", "\\uDE00"]) {
    const forged = ended(sealedText.replace("\ufffd", other).trimEnd().split("\n").slice(0, -1))
    expect(await says(forged, forged.length)).toMatchObject({ code: "WK405" })
    expect(second([forged], pem)).toEqual([first + 1])
  }
  const bytes = Buffer.from(sealedText)
  bytes[bytes.indexOf("\ufffd")] = 0xff
  const read = async function* (): AsyncIterable<Uint8Array> {
    yield bytes
  }
  const found = verifyBundle({ bytes: read(), keys: trustedKeys([pem]) })
  await expect(found).rejects.toMatchObject({ code: "WK405", message: expect.stringContaining(`line ${first + 1} `) })
  expect(await says(sealedText, 997)).toMatchObject({ ok: false })
})

it("another incarnation begins where the trusted key says so, and for nobody else, by both", async () => {
  const texts = [signer, other].map((rebased) => sealed(9, { rebased }).text)
  const found = await Promise.all(texts.map((text) => says(text, text.length)))
  expect(found[0]).toMatchObject({ ok: true, verdicts: [{ name: "REBASED" }] })
  expect(JSON.stringify(found[1])).toContain("no trusted key signed that")
  expect(found[1]).toMatchObject({ ok: false })
  expect(second(texts, pem)).toEqual([true, false])
})
