import { describe, expect, it } from "vitest"
import { safeLogger } from "../log.js"
import { requireSafe, requireWaiver, type ServerFacts } from "./guard.js"

const good: ServerFacts = {
  version_num: 180007,
  version: "18.7",
  login: "wk_main_app",
  superuser: false,
  bypass: false,
  owns: null,
  strategy: "portable",
  time_zone: "UTC",
  date_style: "ISO, DMY",
  interval_style: "postgres",
}

function check(facts: Partial<ServerFacts>, options: { production?: boolean; until?: string } = {}): string[] {
  const warned: string[] = []
  const note = (_: object, message: string): number => warned.push(message)
  const log = safeLogger({ debug: note, info: note, warn: note, error: note })
  const waiver = options.until === undefined ? undefined : { until: options.until, reason: "window on Sunday" }
  requireSafe(
    { ...good, ...facts },
    { production: options.production === true, waiver, log, now: () => Date.parse("2026-12-01") },
  )
  return warned
}

const code = (code: string) => expect.objectContaining({ code })

describe("the guard", () => {
  it("passes an ordinary login on a patched server in silence", () => {
    expect(check({}, { production: true })).toEqual([])
  })

  it("refuses logins that row-level security does not bind", () => {
    expect(() => check({ superuser: true })).toThrowError(code("WK003"))
    expect(() => check({ bypass: true })).toThrowError(code("WK003"))
    expect(() => check({ owns: "patient" })).toThrowError(code("WK003"))
  })

  it("refuses servers before 15", () => {
    expect(() => check({ version_num: 140020, version: "14.20" })).toThrowError(code("WK006"))
  })

  it("warns below the security floor and refuses in production", () => {
    for (const version_num of [180006, 170011, 160015, 150019]) {
      expect(check({ version_num })).toHaveLength(1)
      expect(() => check({ version_num }, { production: true })).toThrowError(code("WK004"))
    }
    for (const version_num of [180007, 170012, 160016, 150020, 190000])
      expect(check({ version_num }, { production: true })).toEqual([])
  })

  it("accepts a waiver until its day", () => {
    expect(check({ version_num: 180004 }, { production: true, until: "2027-01-01" })).toHaveLength(1)
    expect(() => check({ version_num: 180004 }, { production: true, until: "2026-11-01" })).toThrowError(code("WK004"))
    expect(() => requireWaiver({ until: "soon", reason: "x" })).toThrowError(code("WK009"))
    expect(() => requireWaiver({ until: "2027-01-01", reason: " " })).toThrowError(code("WK009"))
  })
})
