import { describe, expect, it } from "vitest"
import { quoteIdent, quoteLiteral, splitName } from "./identifier.js"

describe("names in SQL text", () => {
  it("are always quoted and never truncated", () => {
    expect(quoteIdent('a"; drop table b; --')).toBe('"a""; drop table b; --"')
    expect(quoteIdent("é".repeat(31))).toBe(`"${"é".repeat(31)}"`)
    for (const bad of ["", "a\0b", "é".repeat(32), "x".repeat(64)]) {
      expect(() => quoteIdent(bad)).toThrow(expect.objectContaining({ code: "WK001" }))
    }
  })

  it("literals read the same with either setting of standard_conforming_strings", () => {
    expect(quoteLiteral("it's")).toBe("'it''s'")
    expect(quoteLiteral("back\\slash'")).toBe("E'back\\\\slash'''")
    expect(() => quoteLiteral("a\0b")).toThrow(expect.objectContaining({ code: "WK001" }))
  })

  it("a bare table name takes the default schema", () => {
    expect(splitName("patient", "public")).toEqual({ schema: "public", name: "patient" })
    expect(splitName("care.patient", "public")).toEqual({ schema: "care", name: "patient" })
  })
})
