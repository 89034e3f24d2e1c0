import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import fc from "fast-check"
import { expect, it } from "vitest"
import { eventEntry, type SealedEvent } from "../seal/entry.js"
import { type Frontier, grow, leafHash, rootOf } from "../seal/tree.js"
import { eventLeaf, fieldSalt, type OpenEvent, Tree } from "./hashing.js"

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
const salted = fc.record({ event, seed: fc.uint8Array({ minLength: 32, maxLength: 32 }), closed: fc.boolean() })

function opened(from: SealedEvent, bytes: Uint8Array): OpenEvent {
  const open = (field: 1 | 2 | 3 | 4, value: string | null): OpenEvent["actor"] => ({
    salt: fieldSalt(bytes, field),
    value,
  })
  const { actor, record, subject, detail } = from
  return { ...from, actor: open(1, actor), record: open(2, record), subject: open(3, subject), detail: open(4, detail) }
}

it(`writer, verifier and a second language agree on ${vectors} events and trees (seed ${seed})`, () => {
  const sample = fc.sample(salted, { seed, numRuns: vectors })
  const shown = sample.map((each) => opened(each.event, each.seed))
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
