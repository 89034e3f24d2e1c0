import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { canonicalJson } from "./canonical-json.js"

// Independent oracle: rebuild the value with sorted keys, then let the runtime print it.
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]))
}

const json = fc.letrec<{ value: fc.JsonValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger(),
    fc.string({ unit: "grapheme" }),
    fc.array(tie("value")),
    // Keys that look like array indices are ordered by the runtime itself, so the oracle leaves them out.
    fc.dictionary(
      fc.string({ unit: "grapheme" }).filter((key) => !/^\d+$/.test(key) && key !== "__proto__"),
      tie("value"),
    ),
  ),
})).value

describe("canonical JSON", () => {
  it("is what an independent oracle prints, whatever the order of keys", () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(canonicalJson(value)).toBe(JSON.stringify(sorted(value)))
      }),
      { numRuns: 1000 },
    )
  })

  it("orders keys by UTF-16 code unit, digits included", () => {
    expect(canonicalJson({ "10": 1, "9": 2, é: 3, z: 4 })).toBe('{"10":1,"9":2,"z":4,"é":3}')
  })

  it("leaves undefined members out and refuses what has no single form", () => {
    expect(canonicalJson({ a: undefined, b: -0 })).toBe('{"b":0}')
    expect(() => canonicalJson(0.1)).toThrow(expect.objectContaining({ code: "WK009" }))
    expect(() => canonicalJson("\ud800")).toThrow(expect.objectContaining({ code: "WK009" }))
  })
})
