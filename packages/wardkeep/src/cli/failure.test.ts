import { codes, WardkeepError } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { exitCodeOf } from "./exit-code.js"
import { asWardkeepError, printFailure } from "./failure.js"

function printed(error: unknown, json = false): { text: string; code: number } {
  const lines: string[] = []
  const write = (text: string): void => void lines.push(text)
  const code = printFailure(error, { out: write, err: write, paint: (_, text) => text }, json)
  return { text: lines.join("\n"), code }
}

const fromServer = (code: string, message: string, more = {}) =>
  Object.assign(new Error(message), { code, severity: "ERROR", ...more })

describe("the printer of errors", () => {
  it("prints code, what, which and next step, and no stack", () => {
    const error = new WardkeepError("WK305", { detail: "public.patient" })
    expect(printed(error)).toEqual({
      text: "WK305 The database changed since the plan was made\n  public.patient\n  → Make a new plan.",
      code: 4,
    })
    expect(JSON.parse(printed(error, true).text).error).toMatchObject({ code: "WK305", detail: "public.patient" })
  })

  it("keeps codes that SQL raised, with their hint", () => {
    const error = asWardkeepError(fromServer("WK202", "the request was served before", { hint: "Sign it again." }))
    expect(error).toMatchObject({ code: "WK202", message: "the request was served before", hint: "Sign it again." })
  })

  it("never passes on what the server quotes from rows", () => {
    for (const [code, message] of [
      ["22P02", 'invalid input syntax for type integer: "pos/HIV"'],
      ["23505", "Key (phone)=(+919812345678) already exists."],
    ] as const) {
      const { text } = printed(fromServer(code, message, { detail: message }))
      expect(text).toContain(code)
      expect(text).not.toMatch(/HIV|9812345678/)
    }
    expect(printed(fromServer("42501", "permission denied for table x")).text).toContain("permission denied")
  })

  it("calls anything else a defect, in one line", () => {
    expect(printed(new TypeError("x is not a function")).text).toContain("WK901 A defect in Wardkeep: x is not a")
    expect(printed("text").code).toBe(4)
  })
})

describe("exit codes", () => {
  it("are 2 for configuration, 3 for no connection, 4 for everything that was refused", () => {
    for (const code of Object.keys(codes) as (keyof typeof codes)[]) expect([2, 3, 4]).toContain(exitCodeOf(code))
    expect(exitCodeOf("WK005")).toBe(3)
    expect(exitCodeOf("WK001")).toBe(2)
    expect(exitCodeOf("WK003")).toBe(4)
  })
})
