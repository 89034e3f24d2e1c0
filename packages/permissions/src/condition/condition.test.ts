import { type ConditionInput, parsePolicy } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { conditionSql } from "../sql/condition-sql.js"
import type { Context } from "./context.js"
import { evaluate } from "./evaluate.js"
import { describeCondition } from "./words.js"

const context: Context = {
  actor: "7",
  role: "r",
  purpose: "p",
  branches: ["b1"],
  now: new Date("2026-03-28T23:30:00Z"),
}
const holds = (condition: ConditionInput, row = {}, over: Partial<Context> = {}): boolean =>
  evaluate(condition, row, { ...context, ...over }, { subject: "patient_id" })

describe("a condition", () => {
  it("compares keys by the text PostgreSQL prints", () => {
    for (const author of [7, 7n, "7"]) expect(holds({ own: "author" }, { author })).toBe(true)
    for (const author of [7.5, true, null, undefined, "07", new Date(7)])
      expect(holds({ own: "author" }, { author })).toBe(false)
    expect(holds({ own: "constructor" }, {})).toBe(false)
  })

  it("takes the day from the clock of the zone, over midnight and summer time", () => {
    const night = { hours: { zone: "Europe/London", days: ["sat" as const], from: "22:00", to: "06:00" } }
    expect(holds(night), "Saturday, 23:30").toBe(true)
    expect(holds(night, {}, { now: new Date("2026-03-29T04:59:00Z") }), "Sunday, 05:59 in summer time").toBe(true)
    expect(holds(night, {}, { now: new Date("2026-03-29T05:00:00Z") }), "Sunday, 06:00").toBe(false)
    expect(holds(night, {}, { now: new Date("2026-03-28T05:00:00Z") }), "Saturday, 05:00 is Friday's shift").toBe(false)
    expect(holds(night, {}, { now: new Date(Number.NaN) })).toBe(false)
  })

  it("does not guess the zone of a text", () => {
    const window = { within: { column: "at", last: "P1D" } }
    expect(holds(window, { at: "2026-03-28 20:00:00+00" })).toBe(true)
    expect(holds(window, { at: "2026-03-28T20:00:00Z" })).toBe(true)
    for (const at of ["2026-03-28 20:00:00", "infinity", Number.POSITIVE_INFINITY, 0])
      expect(holds(window, { at })).toBe(false)
  })

  it("reads as a sentence", () => {
    expect(
      describeCondition({
        all: [
          { any: [{ own: "author" }, { ownSubject: true }] },
          { within: { column: "created_at", last: "P7D" } },
          { hours: { zone: "UTC", days: ["mon"], from: "08:00", to: "09:00" } },
        ],
      }),
    ).toBe(
      "(author is the actor or the row is about the actor) and created_at lies in the last P7D and it is mon, 08:00 to 09:00 in UTC",
    )
  })
})

describe("a condition as SQL", () => {
  const table = { name: "public.note" }
  const types = (type: string) => new Map([["public.note", new Map([["c", { type }]])]])

  it("quotes what it is given", () => {
    const odd = { name: "public.note", subject: 'pa"tient' }
    const known = new Map([
      [
        "public.note",
        new Map([
          ['pa"tient', { type: "text" }],
          ["c", { type: "text" }],
        ]),
      ],
    ])
    expect(conditionSql({ ownSubject: true }, odd, known)).toBe(
      '"pa""tient" = (select c.actor from wardkeep.held(wardkeep.planned_as()) c)',
    )
    expect(conditionSql({ state: { column: "c", in: ["o'c", "\\"] } }, odd, known)).toBe(
      `"c" = any (array['o''c', E'\\\\']::text[])`,
    )
  })

  it.each<[string, ConditionInput, string]>([
    ["missing column", { own: "d" }, "text"],
    ["char", { own: "c" }, "character(9)"],
    ["citext", { own: "c" }, "citext"],
    ["timestamp without zone", { within: { column: "c", last: "P1D" } }, "timestamp without time zone"],
    ["date", { within: { column: "c", last: "P1D" } }, "date"],
    ["text for a number", { state: { column: "c", in: [1] } }, "text"],
    ["number too big", { state: { column: "c", in: [40_000] } }, "smallint"],
    ["number for a text", { state: { column: "c", in: ["1"] } }, "integer"],
    ["text for a boolean", { state: { column: "c", in: [true] } }, "text"],
  ])("refuses with WK002: %s", (_, condition, type) => {
    expect(() => conditionSql(condition, table, types(type))).toThrow(expect.objectContaining({ code: "WK002" }))
  })

  it("refuses a state that the enum does not have", () => {
    const known = new Map([["public.note", new Map([["c", { type: "note_state", labels: ["draft"] }]])]])
    expect(() => conditionSql({ state: { column: "c", in: ["drafd"] } }, table, known)).toThrow(
      "has no state drafd; there are draft",
    )
  })

  it("refuses a subject that the table does not name", () => {
    expect(() => conditionSql({ ownSubject: true }, table, types("text"))).toThrow(
      expect.objectContaining({ code: "WK001" }),
    )
  })
})

describe("a policy file with conditions", () => {
  const base = {
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: { note: { scope: "branch", subject: "patient_id" }, team: { scope: "branch" } },
    purposes: { care: { basis: "x" }, billing: { basis: "x" } },
  }
  const faults = (conditions: unknown, can: unknown): string => {
    try {
      parsePolicy({ ...base, conditions, roles: { doctor: { purposes: ["care"], can } } })
    } catch (error) {
      if (error instanceof Error) return error.message
    }
    return "accepted"
  }
  const assigned = { assigned: { table: "team", actor: "a", subject: "p" } }

  it.each<[string, unknown, unknown, string]>([
    ["an unknown form", { x: { mine: "a" } }, {}, "conditions.x: write one of own, ownSubject"],
    ["two forms at once", { x: { own: "a", branch: "b" } }, {}, "conditions.x: write one of"],
    [
      "an offset for a zone",
      { x: { hours: { zone: "+05:30", days: ["mon"] } } },
      {},
      "conditions.x.hours.zone: write the name of a time zone",
    ],
    [
      "an abbreviation for a zone",
      { x: { hours: { zone: "EST", days: ["mon"] } } },
      {},
      "conditions.x.hours.zone: write the name of a time zone",
    ],
    [
      "months in a window",
      { x: { within: { column: "c", last: "P1M" } } },
      {},
      "conditions.x.within.last: write an ISO 8601 duration of weeks",
    ],
    [
      "values of two types",
      { x: { state: { column: "c", in: [1, "a"] } } },
      {},
      "conditions.x.state.in: write values of one type",
    ],
    ["an unknown condition", {}, { note: { read: { when: "x" } } }, "note.read.when: x is not under conditions"],
    ["a name all objects have", {}, { note: { read: { when: "constructor" } } }, "constructor is not under conditions"],
    ["an empty tie", {}, { note: { read: {} } }, "note.read: write true, or what it is tied to"],
    [
      "an after without an update",
      { x: { own: "a" } },
      { note: { read: { after: "x" } } },
      "only an update has an after",
    ],
    ["a purpose the role lacks", {}, { note: { read: { purposes: ["billing"] } } }, "so nobody could use the cell"],
    ["printing what may not be read", {}, { note: { print: true } }, "needs read"],
    ["printing more than may be read", {}, { note: { read: ["a"], print: ["a", "b"] } }, "b may not be read"],
    [
      "an assignment that cannot be read",
      { x: assigned },
      { note: { read: { when: "x" } } },
      "must read a, p of public.team",
    ],
    [
      "an assignment that the role may write",
      { x: assigned },
      { note: { read: { when: "x" } }, team: "manage" },
      "so it could assign itself",
    ],
    [
      "an assignment that asks for an assignment",
      { x: assigned },
      { note: { read: { when: "x" } }, team: { read: { when: "x" } } },
      "not by assignment",
    ],
    [
      "a condition without a subject",
      { x: { ownSubject: true } },
      { team: { read: { when: "x" } } },
      "name the subject of public.team",
    ],
  ])("is refused for %s", (_, conditions, can, message) => {
    expect(faults(conditions, can)).toContain(message)
  })

  it("refuses role names that PostgreSQL would fold or cut", () => {
    for (const role of ["Doctor", "d".repeat(41), "arzt-ä"]) {
      expect(() => parsePolicy({ ...base, roles: { [role]: { purposes: ["care"] } } })).toThrow(
        "PostgreSQL folds capitals and cuts what is longer",
      )
    }
  })
})
