import { createHash } from "node:crypto"
import fc from "fast-check"
import { beforeAll, expect, it } from "vitest"
import { pem, sealed, signer } from "#tests/fixture/sealed-bundle.ts"
import { second } from "#tests/fixture/second-reader.ts"
import { type BundleVerification, trustedKeys, verifyBundle } from "./index.js"

const seed = Number(process.env.WARDKEEP_SEED ?? Date.now() % 2 ** 31)
const runs = 3000
/** Python takes as long for one as Node for a hundred. */
const everyNth = 20

const keys = trustedKeys([pem])
const bundles = [sealed(6, { erased: true }), sealed(4, { dropped: true }), sealed(4, { rebased: signer })].map(
  ({ text }) => text.slice(0, text.lastIndexOf('{"end"')),
)

type Value = Record<string, unknown>
const isObject = (value: unknown): value is Value => typeof value === "object" && value !== null

/** Each place of a value that has members, from the outermost inwards. */
function placesIn(value: unknown): Value[] {
  return isObject(value) ? [value, ...Object.values(value).flatMap(placesIn)] : []
}

interface Picked {
  readonly bundle: number
  readonly what: "byte" | "line" | "member"
  /** Which one of as many as there are. */
  readonly where: readonly number[]
  readonly how: number
  readonly value: unknown
}

const picked: fc.Arbitrary<Picked> = fc.record({
  bundle: fc.nat(bundles.length - 1),
  what: fc.constantFrom("byte", "line", "member"),
  where: fc.array(fc.nat(), { minLength: 3, maxLength: 3 }),
  how: fc.nat(),
  value: fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      1,
      2,
      -1,
      1.5,
      2 ** 53,
      "",
      "asha",
      [],
      {},
      [1],
      "2026-11-28T10:00:00.000Z",
    ),
    fc.constant(Buffer.alloc(32, 7).toString("base64")),
    fc.constant(Buffer.alloc(31, 7).toString("base64")),
    fc.string({ unit: "grapheme", maxLength: 8 }),
  ),
})

const of = <T>(all: readonly T[], at = 0): T => all[at % all.length] as T

function byteChanged(body: string, { where, how, value }: Picked): Buffer {
  const bytes = Buffer.from(body)
  const [place, byte] = [(where[0] ?? 0) % bytes.length, (where[1] ?? 0) % 256]
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)]
  if (how % 4 === 0) return Buffer.concat([before, after.subarray(1)])
  if (how % 4 === 1) return Buffer.concat([before, Buffer.of(byte), after])
  if (how % 4 === 2) return Buffer.concat([before, Buffer.of(byte), after.subarray(1)])
  return Buffer.concat([
    before,
    Buffer.of((after[0] ?? 0) ^ (1 << (Number(value === null) + (byte % 7)))),
    after.subarray(1),
  ])
}

function lineChanged(body: string, { where, how }: Picked): string {
  const lines = body.trimEnd().split("\n")
  const place = (where[0] ?? 0) % lines.length
  const line = lines[place] ?? ""
  if (how % 4 === 0) lines.splice(place, 1)
  else if (how % 4 === 1) lines.splice((where[1] ?? 0) % lines.length, 0, line)
  else if (how % 4 === 2) lines.splice(place, 2, ...lines.slice(place, place + 2).reverse())
  else lines.splice(place, 1, of(lines, where[1]))
  return `${lines.join("\n")}\n`
}

function memberChanged(body: string, { where, how, value }: Picked): string {
  const lines = body.trimEnd().split("\n")
  const place = (where[0] ?? 0) % lines.length
  const line: unknown = JSON.parse(lines[place] ?? "")
  const within = of(placesIn(line), where[1])
  const name = of([...Object.keys(within), "x"], where[2])
  const old = within[name]
  if (how % 4 === 0) delete within[name]
  else if (how % 4 === 1) within[name] = value
  else if (how % 4 === 2) within[String(value)] = old
  else {
    delete within[name]
    within[name.slice(1)] = old
  }
  lines[place] = JSON.stringify(line)
  return `${lines.join("\n")}\n`
}

function changed(change: Picked): Buffer {
  const body = of(bundles, change.bundle)
  if (change.what === "byte") return byteChanged(body, change)
  return Buffer.from(change.what === "line" ? lineChanged(body, change) : memberChanged(body, change))
}

/** As a forger would: the end fits again. */
const endedBytes = (body: Buffer): Buffer =>
  Buffer.concat([body, Buffer.from(`${JSON.stringify({ end: createHash("sha256").update(body).digest("hex") })}\n`)])

/** What is said of a bundle that passes; nothing of one that is refused. */
async function says(bytes: Buffer): Promise<BundleVerification | undefined> {
  const pieces = async function* (): AsyncIterable<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 997) yield bytes.subarray(at, at + 997)
  }
  try {
    const found = await verifyBundle({ bytes: pieces(), keys })
    return found.ok ? found : undefined
  } catch (error) {
    if (error instanceof Error && "code" in error && /^WK40[57]$/.test(String(error.code))) return undefined
    throw error
  }
}

/** What is printed but for what is the bundle's own word, and for how many events are shown: that is counted below. */
const printed = ({ made: _, logs, ...said }: BundleVerification): object => ({
  ...said,
  logs: logs.map(({ withheld: _, erased: __, ...log }) => log),
})

/** What a reader of each line sees, without what nothing is read of: when it was made, the deployment's seed, who else signed. */
function seen(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((each) => JSON.parse(each))
    .map(({ made: _, ...line }) => {
      if (line.tenant === "") return JSON.stringify({ tenant: "" })
      return JSON.stringify("checkpoint" in line ? line.checkpoint.split("\n\n")[0] : line)
    })
}

const isHash = (line: string): boolean => /^\{"leaf":\d+,"hash":"[^"]*"\}$/.test(line)
const hashOf = (line: string): string => line.replace(/^(\{"leaf":\d+,"hash":"[^"]*").*/, "$1}")

const originals: BundleVerification[] = []
beforeAll(async () => {
  for (const body of bundles) {
    const found = await says(endedBytes(Buffer.from(body)))
    if (found === undefined) throw new Error("a bundle that was not changed is refused")
    originals.push(found)
  }
})

it(`a bundle with any one byte, line or member changed, and an end that fits, is refused or shows nothing else (seed ${seed})`, async () => {
  const asked: { readonly text: string; readonly passes: boolean }[] = []
  let passed = 0
  await fc.assert(
    fc.asyncProperty(picked, async (change) => {
      const body = changed(change)
      const [original, was] = [of(bundles, change.bundle), of(originals, change.bundle)]
      if (body.equals(Buffer.from(of(bundles, change.bundle)))) return
      const found = await says(endedBytes(body))
      const isText = Buffer.from(body.toString("utf8")).equals(body)
      if (isText && (change.where[0] ?? 0) % everyNth === 0)
        asked.push({ text: endedBytes(body).toString("utf8"), passes: found !== undefined })
      if (found === undefined) return
      passed++
      expect(printed(found)).toEqual(printed(was))
      const [before, after] = [seen(original), seen(body.toString("utf8"))]
      const known = new Set([...before, ...before.map(hashOf)])
      expect(after.filter((line) => !known.has(line))).toEqual([])
      // What is not shown any more is counted.
      const kept = (all: BundleVerification): number => all.logs.reduce((sum, { withheld }) => sum + withheld, 0)
      expect(kept(found)).toBe(after.filter(isHash).length)
    }),
    { seed, numRuns: runs },
  )
  // Both ways are taken: an event may be kept back.
  expect(passed).toBeGreaterThan(0)
  expect(passed).toBeLessThan(runs / 5)
  const answers = second(
    asked.map(({ text }) => text),
    pem,
  )
  for (const [index, { text, passes }] of asked.entries()) expect(answers[index] === true, text).toBe(passes)
  expect(asked.length).toBeGreaterThan(runs / everyNth / 4)
}, 120_000)
