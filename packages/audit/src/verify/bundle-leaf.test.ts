import { createHash } from "node:crypto"
import { expect, it } from "vitest"
import { readLeaf } from "./bundle-leaf.js"
import { Lines } from "./bundle-lines.js"
import { eventLeaf, type Hidden, type OpenEvent } from "./hashing.js"

const none = async function* (): AsyncIterable<Uint8Array> {
  yield Buffer.of()
}
const bytes = (n: number, length = 32): Buffer => Buffer.alloc(length, n)
const open = (n: number, value: string | null): Hidden => ({ salt: bytes(n).toString("base64"), value })
const commitmentOf = (salt: Buffer, value: string): Buffer =>
  createHash("sha256").update(Buffer.of(2)).update(salt).update(Buffer.of(1)).update(value).digest()
const closed = (...parts: readonly Buffer[]): Hidden => ({ commitment: Buffer.concat(parts).toString("base64") })

const event: OpenEvent = {
  xid: "700",
  id: "1",
  at_us: "-5",
  tenant: "clinic",
  branch: null,
  role: "owner",
  purpose: "retention",
  session: null,
  request: null,
  verb: "retention",
  relation: "wardkeep_audit.event",
  groups: [],
  n: 5,
  actor: open(1, "asha"),
  record: open(2, "r"),
  subject: open(3, "s"),
  detail: open(4, "{}"),
}
const hash = eventLeaf(event).toString("base64")
const read = (shown: object, said: object = {}): unknown =>
  readLeaf({ leaf: 0, hash, ...said, event: { version: 1, ...shown } }, "clinic", new Lines(none()))
const erasedEvent = {
  ...event,
  record: closed(commitmentOf(bytes(2), "r")),
  subject: closed(commitmentOf(bytes(3), "s")),
  detail: closed(commitmentOf(bytes(4), "{}")),
}
const isDamaged = expect.objectContaining({ code: "WK405" })

it("reads an event, opened, or closed where a person was erased and nowhere else", () => {
  expect(read(event)).toMatchObject({ event: { actor: { value: "asha" } }, erased: false })
  expect(read(erasedEvent, { erased: true })).toMatchObject({ event: erasedEvent, erased: true })
  expect(() => read(erasedEvent)).toThrow(isDamaged)
  expect(() => read(event, { erased: true })).toThrow(isDamaged)
  expect(() => read(event, { erased: false })).toThrow(isDamaged)
  for (const name of ["actor", "record", "subject", "detail"] as const) {
    const [open, shut] = [event[name], closed(commitmentOf(bytes(1), "asha"))]
    expect(() => read({ ...event, [name]: shut })).toThrow(isDamaged)
    expect(() => read({ ...erasedEvent, [name]: name === "actor" ? shut : open }, { erased: true })).toThrow(isDamaged)
  }
})

it("an event as bytes is of no version that a tenant's log has: it would be shown, and tell nothing", () => {
  const line = { leaf: 0, hash, entry: Buffer.of(1, 1).toString("base64") }
  expect(readLeaf(line, "clinic", new Lines(none()))).toMatchObject({ unknown: true })
  expect(readLeaf(line, "", new Lines(none()))).not.toHaveProperty("unknown")
})

const [actor, record, subject] = [
  commitmentOf(bytes(1), "asha"),
  commitmentOf(bytes(2), "r"),
  commitmentOf(bytes(3), "s"),
]
const shifted = bytes(9)
shifted[31] = 1

it.each<[string, Partial<Record<keyof OpenEvent, unknown>>, OpenEvent]>([
  [
    "a commitment that says something beside it",
    { detail: { ...closed(commitmentOf(bytes(4), "{}")), value: "x" } },
    event,
  ],
  [
    "who did it as what it was done to",
    { actor: closed(), record: open(1, "asha"), subject: closed(record, subject) },
    event,
  ],
  ["one commitment where two are", { actor: closed(actor, record), record: closed() }, event],
  [
    "a value that begins in its salt",
    { actor: { salt: shifted.subarray(0, 31).toString("base64"), value: "\u0001asha" } },
    { ...event, actor: { salt: shifted.toString("base64"), value: "asha" } },
  ],
  ["another number of events", { n: 5 + 2 ** 32 }, event],
  ["a number with zeros before it", { id: "001" }, event],
  ["a number that is none", { id: 1 }, event],
  ["a number beyond eight bytes", { xid: "-9999999999999999999" }, { ...event, xid: "8446744073709551617" }],
])("refuses %s, though it has the hash that was sealed", (_, change, sealed) => {
  const forged = { ...sealed, ...change } as OpenEvent
  expect(eventLeaf(forged)).toEqual(eventLeaf(sealed))
  for (const said of [{}, { erased: true }]) expect(() => read(forged, said)).toThrow(isDamaged)
})
