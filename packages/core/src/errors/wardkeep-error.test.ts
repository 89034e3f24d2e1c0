import { describe, expect, it } from "vitest"
import { codes, isCode } from "./codes.js"
import { WardkeepError, wardkeepErrorIn } from "./wardkeep-error.js"

describe("errors", () => {
  it("carry code, message, hint and status, and describe themselves", () => {
    const error = new WardkeepError("WK105", { detail: "branch" })
    expect(error).toMatchObject({
      code: "WK105",
      message: codes.WK105.title,
      hint: codes.WK105.hint,
      http: 403,
      name: "WardkeepError",
    })
    expect(error.describe()).toBe(`WK105 ${codes.WK105.title}\n  branch\n  → ${codes.WK105.hint}`)
  })

  it("are recognised across two copies of the package", () => {
    const otherCopy = Object.assign(new Error("x"), { [Symbol.for("wardkeep.error.v1")]: true, code: "WK101" })
    expect(otherCopy instanceof WardkeepError).toBe(true)
    expect(new Error("x") instanceof WardkeepError).toBe(false)
    expect(WardkeepError[Symbol.hasInstance](null)).toBe(false)
  })

  it("are found in what an ORM put around them, and not where there is none", () => {
    const refusal = new WardkeepError("WK101")
    expect(wardkeepErrorIn(refusal)).toBe(refusal)
    expect(wardkeepErrorIn(new Error("of the ORM", { cause: new Error("between", { cause: refusal }) }))).toBe(refusal)
    expect(wardkeepErrorIn(Object.assign(new Error("of the ORM"), { original: refusal }))).toBe(refusal)
    expect(wardkeepErrorIn(Object.assign(new Error("of the ORM"), { driverError: refusal }))).toBe(refusal)
    expect([new Error("of the ORM", { cause: refusal })].map(wardkeepErrorIn)).toEqual([refusal])
    const named = Object.assign(new Error("of the ORM"), { code: "WK101" })
    expect(wardkeepErrorIn(named)).toMatchObject({ code: "WK101", http: 401, cause: named })
    expect(wardkeepErrorIn(Object.assign(new Error("of another"), { code: "WK000" }))).toBe(undefined)
    const circular = new Error("its own cause")
    circular.cause = circular
    for (const other of [circular, new Error("another"), undefined, "WK101"])
      expect(wardkeepErrorIn(other)).toBe(undefined)
  })

  it("every code is a valid SQLSTATE and says what to do next", () => {
    for (const [code, entry] of Object.entries(codes)) {
      expect(code).toMatch(/^WK\d{3}$/)
      expect(entry.title).not.toBe("")
      expect(entry.hint).toMatch(/\.$/)
      expect(entry.http).toBeGreaterThanOrEqual(400)
    }
    expect(isCode("WK101")).toBe(true)
    expect(isCode("toString")).toBe(false)
  })
})
