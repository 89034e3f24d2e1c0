import { beforeAll, describe, expect, it } from "vitest"
import { ended, pem, sealed, signer } from "#tests/fixture/sealed-bundle.ts"
import { second } from "#tests/fixture/second-reader.ts"
import { type BundleVerification, trustedKeys, verifyBundle } from "./index.js"

const keys = trustedKeys([pem])
const whole = sealed(9, { erased: true })
const theirs = sealed(4, { deployment: "other" })
const linesOf = (text: string): string[] => text.trimEnd().split("\n").slice(0, -1)
const good = linesOf(whole.text)
const [first, top, topNote, batch, tenants, note, erased, event] = [0, 1, 2, 3, 5, 6, 7, 10]

type Change = (lines: string[]) => string[]
const at =
  (place: number, change: (line: string) => string): Change =>
  (lines) =>
    lines.map((line, index) => (index === place ? change(line) : line))
const put = (place: number, from: string | RegExp, to: string): Change => at(place, (line) => line.replace(from, to))
const everywhere =
  (change: (line: string) => string): Change =>
  (lines) =>
    lines.map(change)
/** The line, with what it says turned into something else. */
const member = (place: number, turn: (line: Record<string, unknown>) => object): Change =>
  at(place, (line) => JSON.stringify(turn(JSON.parse(line))))
const inEvent = (place: number, change: object): Change =>
  member(place, (line) => ({ ...line, event: { ...(line.event as object), ...change } }))

const zeros = Buffer.alloc(32).toString("base64")
const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`
const raw = (kind: number): string => Buffer.concat([Buffer.of(1, kind), Buffer.alloc(72)]).toString("base64")
/** The last letter before the padding says two bits that are nobody's. */
const otherLetter = (text: string): string => {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  return text.replace(/(.)(=+)$/, (_, last: string, pad: string) => letters[letters.indexOf(last) ^ 1] + pad)
}
const salted = (turn: (salt: string) => string): Change =>
  member(event, (line) => {
    const shown = line.event as { actor: { salt: string } }
    return { ...line, event: { ...shown, actor: { ...shown.actor, salt: turn(shown.actor.salt) } } }
  })

/** A number is the line that is damaged; a word, what the verdict or the code is. */
const cases: readonly [what: string, change: Change, word: string | number][] = [
  ["the name in the first line", put(first, "clinic/5f0c", "clinic/5f0d"), "SPLIT_VIEW"],
  [
    "the name in the first line to a sentence",
    put(first, "wardkeep/clinic/5f0c", "St. Mary's, as verified"),
    "SPLIT_VIEW",
  ],
  ["the name in the first line to a tenant's log", put(first, "5f0c", "5f0c/clinic%2Fa"), "SPLIT_VIEW"],
  ["when it was made to a sentence", put(first, /"made":"[^"]*"/, '"made":"in time"'), 1],
  ["when it was made to a day that no month has", put(first, "11-28", "11-31"), 1],
  ["when it was made to a second that no minute has", put(first, "10:00:00", "10:00:60"), 1],
  ["a member more in the first line", put(first, '"made"', '"reason":"request 18","made"'), 1],
  ["a tenant named twice", put(first, '"clinic/a"]', '"clinic/a","clinic/a"]'), 1],
  [
    "a tenant shown twice",
    (all) => [...put(first, '"clinic/a"]', '"clinic/a","clinic/a"]')(all), ...all.slice(tenants)],
    1,
  ],
  ["the deployment named twice", put(first, '[""', '["",""'), 1],
  ["the deployment's seed to none", put(top, /"seed":"[^"]*"/, '"seed":""'), top + 1],
  ["a tenant's seed without its padding", put(tenants, '="}', '"}'), tenants + 1],
  ["a member more beside a seed", put(tenants, '"seed"', '"name":"North","seed"'), tenants + 1],
  ["a member more beside a checkpoint", put(topNote, "{", '{"seen":true,'), topNote + 1],
  ["a checkpoint to a number", put(note, /"checkpoint":.*/, '"checkpoint":9}'), note + 1],
  [
    "the signature to one of another letter",
    member(note, (line) => ({ checkpoint: `${otherLetter(String(line.checkpoint).trimEnd())}\n` })),
    "KEY_UNKNOWN",
  ],
  [
    "a member that is there twice, the other one first",
    put(event, '"verb":"update"', '"verb":"delete","verb":"update"'),
    event + 1,
  ],
  ["who did it, twice", put(event, '"actor":{', '"actor":{"salt":"x","value":"bela"},"actor":{'), event + 1],
  ["the event, twice", put(event, '"event":', '"event":{"version":1},"event":'), event + 1],
  ["a member more in an event", put(event, '"event":{', '"event":{"remark":"bela did it",'), event + 1],
  ["a member more beside an event", put(event, "{", '{"actor":"bela",'), event + 1],
  ["a member more in what is opened", put(event, '"value":"asha"', '"value":"asha","value_was":"bela"'), event + 1],
  [
    "a member more under the name of the prototype",
    put(event, '"value":"asha"', '"__proto__":{"commitment":"x"},"value":"asha"'),
    event + 1,
  ],
  ["the event to one under the prototype's name", put(event, '"event":', '"__proto__":'), event + 1],
  ["a member less in an event", put(event, '"session":null,', ""), event + 1],
  ["that it was erased", put(event, '"event"', '"erased":true,"event"'), event + 1],
  ["that it was not erased", put(event, '"event"', '"erased":false,"event"'), event + 1],
  ["that the erased one was not", put(erased, '"erased":true,', ""), erased + 1],
  ["who did it to a commitment", inEvent(event, { actor: { commitment: zeros } }), event + 1],
  [
    "who did it to a commitment, where a person was erased",
    inEvent(erased, { actor: { commitment: zeros } }),
    erased + 1,
  ],
  [
    "a commitment with what it says, where a person was erased",
    inEvent(erased, { record: { commitment: zeros, value: "x" } }),
    erased + 1,
  ],
  [
    "a commitment of 31 bytes, where a person was erased",
    inEvent(erased, { record: { commitment: `${zeros.slice(0, -2)}==` } }),
    erased + 1,
  ],
  [
    "a commitment of other letters, where a person was erased",
    inEvent(erased, { record: { commitment: zeros.replace("A", "_") } }),
    erased + 1,
  ],
  ["the name of the event's member", put(event, '"event"', '"evemt"'), event + 1],
  ["the event to nothing", put(event, /"event":.*/, '"event":null}'), event + 1],
  ["an event to one that is gone, and shown", put(event, '"event"', '"gone":true,"event"'), event + 1],
  ["an event to one that is not gone", put(event, /"event":.*/, '"gone":false}'), event + 1],
  ["an event beside an entry", put(batch, /\}$/, ',"event":{"version":1,"actor":{"value":"bela"}}}'), batch + 1],
  ["a member more beside a hash alone", put(event, /,"event":.*/, ',"note":"nothing"}'), event + 1],
  ["an event to bytes", put(event, /"event":.*/, `"entry":"${raw(1)}"}`), "EDITED"],
  ["a version to one that is not known", put(event, '"version":1', '"version":2'), "WK407"],
  ["a version to no whole number", put(event, '"version":1', '"version":1.0'), event + 1],
  ["the number of a leaf, with an exponent", put(event, /"leaf":(\d+)/, '"leaf":$1e0'), event + 1],
  ["the number of a leaf, below nothing", put(batch, '"leaf":0,', '"leaf":-0,'), batch + 1],
  ["the number of a leaf, beyond what is exact", put(event, /"leaf":\d+/, '"leaf":9007199254740993'), event + 1],
  ["a count with a fraction of nothing", put(event, '"n":1', '"n":1.0'), event + 1],
  ["a count with an exponent", put(event, '"n":1', '"n":10e-1'), event + 1],
  ["a count with more digits than are read", put(event, '"n":1', '"n":1.0000000000000000001'), event + 1],
  ["a count to what JSON has not", put(event, '"n":1', '"n":NaN'), event + 1],
  ["a letter to its escape", put(event, "asha", "\\u0061sha"), event + 1],
  ["a slash to its escape", put(first, "clinic/5f0c", "clinic\\/5f0c"), 1],
  ["a blank more", put(event, "{", "{ "), event + 1],
  ["a blank behind", put(event, /$/, " "), event + 1],
  ["a carriage return", put(event, /$/, "\r"), event + 1],
  ["all ends of lines", everywhere((line) => `${line}\r`), 1],
  ["a byte order mark in front", put(first, /^/, "\ufeff"), 1],
  ["an empty line between", (all) => all.toSpliced(event, 0, ""), event + 1],
  ["a list between", (all) => all.toSpliced(event, 0, "[]"), event + 1],
  ["the hash without its padding", put(event, /("hash":"[^"]*)="/, '$1"'), event + 1],
  ["the hash with letters that are none", put(event, '"hash":"', '"hash":"  !!'), event + 1],
  [
    "the hash with another last letter",
    member(event, (line) => ({ ...line, hash: otherLetter(String(line.hash)) })),
    event + 1,
  ],
  [
    "the hash in the letters of addresses",
    put(event, /"hash":"[^"]*"/, `"hash":"${"-_".repeat(22).slice(0, 43)}="`),
    event + 1,
  ],
  ["a salt with another last letter", salted(otherLetter), event + 1],
  ["a salt with a blank", salted((salt) => ` ${salt}`), event + 1],
  ["an entry with letters that are none", put(batch, '"entry":"', '"entry":"..'), batch + 1],
  ["a batch's bytes, cut", put(batch, /"entry":"(.{20}).*/, '"entry":"$1"}'), "EDITED"],
  ["an event as deep as a stack", put(event, '"event":{', `"event":{"x":${deep},`), event + 1],
  ["a version not known, as deep as a stack", put(event, '"version":1', `"version":${deep}`), event + 1],
]

async function says(text: string, anchors: readonly string[] = []): Promise<BundleVerification> {
  const bytes = async function* (): AsyncIterable<Uint8Array> {
    yield Buffer.from(text)
  }
  return await verifyBundle({ bytes: bytes(), keys, anchors })
}

async function word(text: string, anchors: readonly string[] = []): Promise<string> {
  try {
    const { ok, verdicts } = await says(text, anchors)
    return `${ok ? "OK" : "NOT OK"} ${verdicts.map(({ name }) => name).join(" ")}`
  } catch (error) {
    if (error instanceof Error && "code" in error) return `${error.code} ${error.message}`
    throw error
  }
}

const texts = cases.map(([, change]) => ended(change(good)))
let others: (boolean | number)[] = []

beforeAll(() => {
  others = second(texts, pem)
}, 60_000)

describe("a bundle", () => {
  it.each(cases.map(([what, , expected], index) => ({ what, expected, index })))(
    "in which is changed: $what, is refused by both implementations ($expected)",
    async ({ expected, index }) => {
      const text = texts[index] ?? ""
      expect(text).not.toBe(whole.text)
      const said = await word(text, [whole.checkpoint])
      if (typeof expected === "string") {
        expect(said).not.toMatch(/^OK/)
        expect(said).toContain(expected)
        expect(others[index]).toBe(false)
      } else {
        expect(said).toMatch(/^WK405 /)
        // A first line that is none says that this is no bundle.
        const line = /line (\d+) of/.exec(said)?.[1] ?? (/first line|not a bundle/.test(said) ? 1 : said)
        expect(Number(line)).toBe(expected)
        expect(others[index]).toBe(expected)
      }
    },
  )

  it("that was not changed is sound to both, and says whose log it is by its checkpoint", async () => {
    expect(second([whole.text], pem)).toEqual([true])
    const { ok, log, tenants: shown, absent, logs } = await says(whole.text, [whole.checkpoint])
    expect([ok, log, shown, absent]).toEqual([true, "wardkeep/clinic/5f0c", ["", "clinic/a"], 0])
    expect(logs.map(({ erased, withheld }) => [erased, withheld])).toEqual([
      [0, 0],
      [1, 0],
    ])
  })

  it("of another deployment does not pass under this one's name, whatever anchor is given", async () => {
    const claims = ended(put(first, "wardkeep/other/5f0c", "wardkeep/clinic/5f0c")(linesOf(theirs.text)))
    expect(await word(claims)).toBe("NOT OK SPLIT_VIEW")
    expect(await word(claims, [theirs.checkpoint])).toBe("NOT OK SPLIT_VIEW")
    expect(await word(claims, [whole.checkpoint])).toMatch(/^WK406 .*is of wardkeep\/other\/5f0c/)
    expect((await says(claims)).log).toBe("wardkeep/other/5f0c")
    expect(second([claims], pem)).toEqual([false])
  })

  it("of no checkpoint at all has no name, also where nothing is in it", async () => {
    const empty = [put(first, ',"clinic/a"', "")(good)[0] ?? "", good[top] ?? ""]
    for (const name of ["wardkeep/clinic/5f0c", "the deployment's log, never sealed"]) {
      const text = ended(put(first, "wardkeep/clinic/5f0c", name)(empty))
      expect(await word(text)).toBe("NOT OK SPLIT_VIEW")
      expect(second([text], pem)).toEqual([false])
    }
  })

  it("of fewer logs than the deployment has says how many are not in it", async () => {
    const fewer = ended(put(first, ',"clinic/a"', "")(good.slice(0, tenants)))
    expect(await says(fewer)).toMatchObject({ ok: true, absent: 1, tenants: [""] })
  })

  it("without the checkpoint in which another incarnation ended is refused by both", async () => {
    const lines = linesOf(sealed(4, { rebased: signer }).text)
    const ends = lines.findIndex((line) => line.startsWith('{"checkpoint"'))
    const text = ended(lines.filter((_, index) => index !== ends))
    const bytes = async function* (): AsyncIterable<Uint8Array> {
      yield Buffer.from(text)
    }
    expect((await verifyBundle({ bytes: bytes(), keys })).ok).toBe(false)
    expect(second([ended(lines), text], pem)).toEqual([true, false])
  })

  it("whose end has a member more, or a blank, or is not the end, is damaged to both", async () => {
    const end = whole.text.trimEnd().split("\n").at(-1) ?? ""
    const changed = [
      whole.text.replace(end, end.replace("}", ',"x":1}')),
      whole.text.replace(end, ` ${end}`),
      whole.text.replace(
        end,
        end.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase()),
      ),
      whole.text.replace(`${end}\n`, `${end}\r\n`),
      whole.text.trimEnd(),
      `${whole.text}\n`,
      `${whole.text}{}\n`,
      `${whole.text}${end}\n`,
      ...Array.from({ length: 20 }, (_, n) => whole.text.slice(0, n * 311)),
    ]
    const answers = second(changed, pem)
    for (const [index, text] of changed.entries()) {
      expect(await word(text)).toMatch(/^WK405 /)
      expect(answers[index]).toEqual(expect.any(Number))
    }
  })
})
