import { beforeAll, describe, expect, it } from "vitest"
import { pem, sealed } from "#tests/fixture/sealed-bundle.ts"
import { asked } from "#tests/fixture/second-reader.ts"
import { inclusionPath } from "../tiles/inclusion.js"
import { trustedKeys, verifyProof } from "./index.js"

const keys = trustedKeys([pem])
const [top, topNote, head, tenants, note, erased] = [1, 2, 4, 5, 6, 7]
const event = erased + 3

interface Leaf {
  readonly leaf: number
  readonly hash: string
  readonly event?: object
  readonly erased?: boolean
}

/** Extra of a proof as it is written, before it is base64. */
interface Extra {
  readonly wardkeep: string
  readonly version: number
  readonly event: Record<string, unknown>
  readonly erased?: boolean
  readonly seed: string
  readonly head: string
}

const lines = sealed(9, { erased: true }).text.trimEnd().split("\n").slice(0, -1)
const at = <T>(place: number): T => JSON.parse(lines[place] ?? "")

async function proofOf(place: number, from: number, end: number, signed: number, extra?: string): Promise<string> {
  const shown = async function* (): AsyncIterable<Buffer> {
    for (let each = from; each < end; each++) yield Buffer.from(at<Leaf>(each).hash, "base64")
  }
  const path = await inclusionPath(shown(), place - from, end - from)
  const hashes = path.map((hash) => `${hash.toString("base64")}\n`).join("")
  const said = extra === undefined ? "" : `extra ${Buffer.from(extra).toString("base64")}\n`
  return `c2sp.org/tlog-proof@v1\n${said}index ${place - from}\n${hashes}\n${at<{ checkpoint: string }>(signed).checkpoint}`
}

async function extraOf(place: number): Promise<Extra> {
  const { event: shown, erased: isErased } = at<Leaf>(place)
  return {
    wardkeep: "audit-proof",
    version: 1,
    event: shown as Record<string, unknown>,
    ...(isErased && { erased: isErased }),
    seed: at<{ seed: string }>(tenants).seed,
    head: await proofOf(head, top + 2, tenants, topNote),
  }
}

const written = async (place: number, extra: string): Promise<string> =>
  await proofOf(place, erased, lines.length, note, extra)

function word(text: string): string {
  try {
    const { ok, verdicts } = verifyProof({ text, keys })
    return `${ok ? "OK" : "NOT OK"} ${verdicts.map(({ name }) => name).join(" ")}`.trim()
  } catch (error) {
    if (error instanceof Error && "code" in error) return String(error.code)
    throw error
  }
}

interface Proved {
  readonly damaged?: true
  readonly unknown?: true
  readonly event?: boolean
  readonly head?: boolean
  readonly named?: boolean
  readonly signatures?: readonly string[]
}

/** The same words from Python, as far as it has them. */
function secondWord({ damaged, unknown, event: inside, head: vouched, named, signatures = [] }: Proved): string {
  if (damaged) return "WK405"
  if (unknown) return "WK407"
  return inside && vouched && named && signatures.every((each) => each === "valid") ? "OK" : "NOT OK"
}

const zeros = Buffer.alloc(32).toString("base64")
type Change = (extra: Extra, json: string) => string
const as =
  (change: (extra: Extra) => object): Change =>
  (extra) =>
    JSON.stringify({ ...extra, ...change(extra) })
const inEvent = (change: object): Change => as((extra) => ({ event: { ...extra.event, ...change } }))
const text =
  (from: string | RegExp, to: string): Change =>
  (_, json) =>
    json.replace(from, to)

const ofExtra: readonly [what: string, change: Change, word: string][] = [
  ["nothing", (_, json) => json, "OK"],
  ["a member that is there twice", text('"verb":"update"', '"verb":"delete","verb":"update"'), "WK405"],
  ["a member more", as(() => ({ reason: "complaint 4" })), "WK405"],
  ["a member more in the event", inEvent({ remark: "bela did it" }), "WK405"],
  ["a member more in what is opened", text('"value":"asha"', '"value":"asha","was":"bela"'), "WK405"],
  ["that it was erased", as(() => ({ erased: true })), "WK405"],
  ["that it was not erased", as(() => ({ erased: false })), "WK405"],
  ["who did it to a commitment", inEvent({ actor: { commitment: zeros } }), "WK405"],
  ["a blank more", text(",", ", "), "WK405"],
  ["a letter to its escape", text("asha", "\\u0061sha"), "WK405"],
  ["a count with a fraction of nothing", text('"n":1', '"n":1.0'), "WK405"],
  ["the seed to none", as(() => ({ seed: "" })), "WK405"],
  ["the seed without its padding", as(({ seed }) => ({ seed: seed.replace("=", "") })), "WK405"],
  ["the seed to another one", as(() => ({ seed: zeros })), "NOT OK SPLIT_VIEW"],
  ["the seed alone, by leaving it out", as(() => ({ seed: undefined })), "WK405"],
  ["the second proof alone, by leaving it out", as(() => ({ head: undefined })), "WK405"],
  ["both, by leaving them out", as(() => ({ head: undefined, seed: undefined })), "NOT OK SPLIT_VIEW"],
  ["something beside the second proof", as((e) => ({ head: e.head.replace("\n", "\nextra e30=\n") })), "WK405"],
  ["a hash of the second proof to none", as((e) => ({ head: e.head.replace("=\n", "\n") })), "WK405"],
  ["the version of the event", inEvent({ version: 2 }), "WK407"],
  ["the version", as(() => ({ version: 2 })), "WK407"],
  ["who did it", inEvent({ actor: { salt: zeros, value: "bela" } }), "NOT OK EDITED"],
  ["the clinic", inEvent({ tenant: "clinic/b" }), "NOT OK EDITED SPLIT_VIEW SPLIT_VIEW"],
]
const ofText: readonly [what: string, change: (text: string) => string, word: string][] = [
  ["the ends of lines", (all) => all.replaceAll("\n", "\r\n"), "WK405"],
  ["the extra's padding", (all) => all.replace(/^(extra [^=\n]*)=*$/m, "$1=="), "WK405"],
  ["the extra, with a letter that is none", (all) => all.replace("extra ", "extra ."), "WK405"],
  ["a hash, in another last letter", (all) => all.replace(/(\n[A-Za-z0-9+/]{42})[A-Za-z0-9+/]=\n/, "$1B=\n"), "WK405"],
  ["the index with a zero before it", (all) => all.replace(/^index /m, "index 0"), "WK405"],
  ["a hash less", (all) => all.replace(/\n[A-Za-z0-9+/]{43}=\n/, "\n"), "NOT OK EDITED"],
  ["a line more", (all) => `${all}more\n`, "WK405"],
]

const texts: string[] = []
let others: Proved[] = []
beforeAll(async () => {
  const extra = await extraOf(event)
  for (const [, change] of ofExtra) texts.push(await written(event, change(extra, JSON.stringify(extra))))
  for (const [, change] of ofText) texts.push(change(texts[0] ?? ""))
  const ofErased = await extraOf(erased)
  texts.push(await written(erased, JSON.stringify(ofErased)))
  texts.push(await written(erased, JSON.stringify({ ...ofErased, erased: undefined })))
  for (let cut = 0; cut < (texts[0]?.length ?? 0); cut += 97) texts.push(texts[0]?.slice(0, cut) ?? "")
  const input = texts.map((each) => `${JSON.stringify(each)}\n`).join("")
  others = asked("second-tiles.py", ["proof", "-", pem], input) as Proved[]
}, 60_000)

describe("a proof of an event", () => {
  it.each([...ofExtra, ...ofText].map(([what, , expected], index) => ({ what, expected, index })))(
    "in which is changed: $what, is $expected to both implementations",
    ({ expected, index }) => {
      const proof = texts[index] ?? ""
      if (index > 0) expect(proof).not.toBe(texts[0])
      expect(word(proof)).toBe(expected)
      expect(secondWord(others[index] ?? {})).toBe(/^(WK\d+|NOT OK|OK)/.exec(expected)?.[0])
    },
  )

  it("of an erased person says so, and not of anybody else", () => {
    const first = ofExtra.length + ofText.length
    expect(word(texts[first] ?? "")).toBe("OK")
    expect(word(texts[first + 1] ?? "")).toBe("WK405")
    expect(others.slice(first, first + 2).map(secondWord)).toEqual(["OK", "WK405"])
  })

  it("is refused wherever it is cut, by both", () => {
    expect(others).toHaveLength(texts.length)
    const first = ofExtra.length + ofText.length + 2
    expect(texts.length).toBeGreaterThan(first + 10)
    for (const [index, cut] of texts.entries())
      if (index >= first) expect([word(cut), secondWord(others[index] ?? {})]).toEqual(["WK405", "WK405"])
  })
})
