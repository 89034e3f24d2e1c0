import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { expect, it } from "vitest"
import { eventEntry, type SealedEvent } from "../seal/entry.js"
import { type Frontier, grow, leafHash, rootOf } from "../seal/tree.js"
import { eventLeaf, fieldSalt, type Hidden, type OpenEvent, Tree } from "./hashing.js"

const seed = Number(process.env.WARDKEEP_SEED ?? Date.now() % 2 ** 31)
const vectors = 1200

const some = fc.string({ unit: "grapheme", maxLength: 40 })
const maybe = fc.option(some)
const number = (max: bigint): fc.Arbitrary<string> => fc.bigInt({ min: 0n, max }).map(String)
const event: fc.Arbitrary<SealedEvent> = fc.record({
  xid: number(2n ** 63n - 1n),
  id: number(2n ** 63n - 1n),
  at_us: fc.bigInt({ min: -(2n ** 50n), max: 2n ** 55n }).map(String),
  tenant: some,
  branch: maybe,
  actor: some,
  role: some,
  purpose: some,
  session: maybe,
  request: maybe,
  verb: some,
  relation: some,
  groups: fc.array(some, { maxLength: 4 }),
  n: fc.nat({ max: 2 ** 31 - 1 }),
  record: maybe,
  subject: maybe,
  detail: maybe,
})
const hidden = ["actor", "record", "subject", "detail"] as const
const salted = fc.record({
  event,
  seed: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  /** Of which fields the commitment alone is shown. */
  closed: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean()),
})

/** By neither implementation: docs/FORMATS.md, leaf of the audit log. */
function commitmentOf(salt: string, value: string | null): string {
  const said = value === null ? Buffer.of(0) : Buffer.concat([Buffer.of(1), Buffer.from(value)])
  return createHash("sha256").update(Buffer.of(2)).update(salt, "base64").update(said).digest("base64")
}

function shownOf({
  event: from,
  seed: bytes,
  closed,
}: {
  event: SealedEvent
  seed: Uint8Array
  closed: boolean[]
}): OpenEvent {
  const shown = (field: 1 | 2 | 3 | 4, value: string | null): Hidden => {
    const salt = fieldSalt(bytes, field)
    return closed[field - 1] === true ? { commitment: commitmentOf(salt, value) } : { salt, value }
  }
  const { actor, record, subject, detail } = from
  return {
    ...from,
    actor: shown(1, actor),
    record: shown(2, record),
    subject: shown(3, subject),
    detail: shown(4, detail),
  }
}

const isClosed = (field: Hidden): boolean => "commitment" in field

/** Every field is closed in many events and open in many, and so are all four at once: none of it goes unasked. */
function expectBothKinds(shown: readonly OpenEvent[]): void {
  for (const name of hidden) {
    const closed = shown.filter((each) => isClosed(each[name])).length
    expect(closed, `${name} closed`).toBeGreaterThan(vectors / 4)
    expect(vectors - closed, `${name} open`).toBeGreaterThan(vectors / 4)
  }
  for (const kind of [true, false]) {
    const alike = shown.filter((each) => hidden.every((name) => isClosed(each[name]) === kind)).length
    expect(alike, kind ? "all closed" : "all open").toBeGreaterThan(vectors / 50)
  }
}

it(`writer, verifier and a second language agree on ${vectors} events, open and closed, and their trees (seed ${seed})`, () => {
  const sample = fc.sample(salted, { seed, numRuns: vectors })
  const shown = sample.map(shownOf)
  expectBothKinds(shown)
  const run = spawnSync("python3", [fileURLToPath(new URL("second.py", import.meta.url))], {
    input: `${shown.map((each) => JSON.stringify(each)).join("\n")}\n`,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  })
  expect(run.stderr).toBe("")
  const second = run.stdout.trimEnd().split("\n")
  expect(second).toHaveLength(vectors)
  let frontier: Frontier = { size: 0n, roots: [] }
  const tree = new Tree()
  for (const [index, each] of sample.entries()) {
    const written = leafHash(eventEntry(each.event, Buffer.from(each.seed)))
    frontier = grow(frontier, written)
    const open = shown[index]
    if (open === undefined) throw new Error("as many events as samples")
    const read = eventLeaf(open)
    tree.push(read)
    expect(`${written.toString("hex")} ${rootOf(frontier).toString("hex")}`).toBe(second[index])
    expect(`${read.toString("hex")} ${tree.root().toString("hex")}`).toBe(second[index])
  }
})

it("no field can be changed without changing the leaf", () => {
  fc.assert(
    fc.property(
      salted,
      fc.constantFrom(...(Object.keys(fc.sample(event, 1)[0] ?? {}) as (keyof SealedEvent)[])),
      some,
      (each, field, text) => {
        const bytes = Buffer.from(each.seed)
        const old = each.event[field]
        const value =
          typeof old === "number"
            ? old + 1
            : Array.isArray(old)
              ? [...old, text]
              : /^(xid|id|at_us)$/.test(field)
                ? String(BigInt(String(old)) ^ 1n)
                : `${old ?? ""}${text}x`
        expect(leafHash(eventEntry({ ...each.event, [field]: value }, bytes))).not.toEqual(
          leafHash(eventEntry(each.event, bytes)),
        )
      },
    ),
    { seed },
  )
})
