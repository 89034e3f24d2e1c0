import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { dayInIndia, later } from "./calendar.js"
import { dueAt } from "./deadline.js"
import { loadLaw } from "./law.js"
import { retention } from "./retention.js"
import { type Asker, lawOn, nextChange, tenseOf } from "./tense.js"

const law = loadLaw()
const tenses = (on: string, as: Asker = "clinic") =>
  Object.fromEntries(lawOn(law, { on, as }).map(({ id, tense }) => [id, tense]))

describe("what binds a clinic on a day", () => {
  it("is six hours and logs today, and most of the DPDP Act from 13 May 2027", () => {
    const today = tenses("2026-11-22")
    expect(today).toMatchObject({
      "cert-in-ii": "in_force",
      "it-act-43a": "in_force",
      "imc-regs-1-3-2": "in_force",
      "dpdp-act-8-5": "not_yet",
      "dpdp-rules-7-2-b": "not_yet",
      "dpdp-rules-8-3-proposal": "proposed",
      "nmc-rmp-2023": "held",
    })
    expect(tenses("2027-05-12")["dpdp-act-6-10"]).toBe("not_yet")
    const then = tenses("2027-05-13")
    expect(then).toMatchObject({
      "dpdp-act-6-10": "in_force",
      "dpdp-rules-7-2-b": "in_force",
      "cert-in-ii": "in_force",
    })
    // Sources disagree by a day: for that day both the new law and the old one are said to bind.
    expect(then["it-act-43a"]).toBe("in_force")
    expect(tenses("2027-05-14")["it-act-43a"]).toBe("ended")
    expect(nextChange(lawOn(law, { on: "2026-11-22", as: "clinic" }), "2026-11-22")).toBe("2027-05-13")
    expect(nextChange(lawOn(law, { on: "2027-06-01", as: "clinic" }), "2027-06-01")).toBeNull()
  })

  it("is not said of a day before anybody looked", () => {
    expect(tenses("2020-01-01")["imc-regs-1-3-2"]).toBe("unknown")
    expect(tenses("2020-01-01")["cert-in-ii"]).toBe("not_yet")
  })

  it("depends on who asks", () => {
    expect(tenses("2026-11-22", "consent-manager")["dpdp-rules-4"]).toBe("in_force")
    expect(tenses("2026-11-22")["dpdp-rules-4"]).toBeUndefined()
    expect(tenses("2027-05-13")["dpdp-rules-13"]).toBeUndefined()
    expect(tenses("2027-05-13", "significant-clinic")["dpdp-rules-13"]).toBe("in_force")
    expect(tenses("2027-05-13", "vendor")["dpdp-act-5-1"]).toBeUndefined()
  })

  it.each(["2026-13-01", "2027-02-29", "tomorrow", "", "22-11-2026"])("asks again for %j", (on) => {
    expect(() => lawOn(law, { on, as: "clinic" })).toThrow(expect.objectContaining({ code: "WK009" }))
  })

  it("only ever goes from not yet to in force to ended", () => {
    const order = ["not_yet", "in_force", "ended"]
    const days = fc
      .date({ min: new Date("2023-01-01"), max: new Date("2035-01-01"), noInvalidDate: true })
      .map(dayInIndia)
    fc.assert(
      fc.property(days, days, days, days, (a, b, c, d) => {
        const [from = "", to = ""] = [a, b].sort()
        const [first = "", second = ""] = [c, d].sort()
        const at = (on: string) => order.indexOf(tenseOf({ status: "enacted", from, to }, on, "2026-11-22"))
        return at(first) >= 0 && at(first) <= at(second)
      }),
    )
  })
})

describe("days and deadlines in India", () => {
  it("change at midnight there, whatever the machine's zone", () => {
    expect(dayInIndia(new Date("2027-05-12T18:29:59.999Z"))).toBe("2027-05-12")
    expect(dayInIndia(new Date("2027-05-12T18:30:00Z"))).toBe("2027-05-13")
    const format = new Intl.DateTimeFormat("en-CA", { timeZone: "Asia/Kolkata" })
    fc.assert(
      fc.property(fc.date({ min: new Date("1950-01-01"), max: new Date("2100-01-01"), noInvalidDate: true }), (at) => {
        expect(dayInIndia(at)).toBe(format.format(at))
      }),
    )
  })

  it("are hours for a breach, days for a grievance and months of the calendar for a record", () => {
    const within = (length: string) => ({ kind: "within", length, clock: "x" }) as const
    const noticed = new Date("2026-11-22T20:00:00Z")
    expect(dueAt(within("PT6H"), noticed)?.toISOString()).toBe("2026-11-23T02:00:00.000Z")
    expect(dueAt(within("P90D"), noticed)?.toISOString()).toBe("2027-02-20T20:00:00.000Z")
    expect(dueAt({ ...within("P1Y"), kind: "at-least" }, noticed)).toBeNull()
    // 31 January in India, which is still the 30th in UTC.
    expect(later(new Date("2027-01-30T20:00:00Z"), "P1M").toISOString()).toBe("2027-02-27T20:00:00.000Z")
    expect(later(new Date("2024-02-28T20:00:00Z"), "P3Y").toISOString()).toBe("2027-02-27T20:00:00.000Z")
    for (const unreadable of ["72 hours", "P1H", "PT90D", "P1Y2M", ""])
      expect(() => later(noticed, unreadable)).toThrow(expect.objectContaining({ code: "WK009" }))
    expect(later(new Date("2026-11-22T00:00:00Z"), "P72M").toISOString()).toBe("2032-11-22T00:00:00.000Z")
  })
})

describe("how long a record must be kept", () => {
  const ask = (record: string, on: string, attestations: { rule: string; by: string; on: string }[] = []) =>
    retention(law, { record, on, attestations })

  it("is open until a named person stands for the rule, and again a year later", () => {
    expect(ask("inpatient", "2026-11-27").open).toEqual(["inpatient-imc"])
    const signed = { rule: "inpatient-imc", by: "Dr. A. Rao", on: "2026-11-27" }
    expect(ask("inpatient", "2026-11-27", [signed])).toMatchObject({
      open: [],
      rules: [{ attested: signed, period: { length: "P3Y" } }],
    })
    expect(ask("inpatient", "2027-11-26", [signed]).open).toEqual([])
    expect(ask("inpatient", "2027-11-27", [signed]).open).toEqual(["inpatient-imc"])
    expect(ask("inpatient", "2026-11-26", [signed]).open, "signed tomorrow").toEqual(["inpatient-imc"])
    expect(ask("inpatient", "2026-11-27", [{ ...signed, by: " " }]).open).toEqual(["inpatient-imc"])
  })

  it("stays open where no instrument sets a period, also when somebody signs", () => {
    const signed = { rule: "outpatient", by: "Dr. A. Rao", on: "2026-11-27" }
    expect(ask("outpatient", "2026-11-27", [signed]).open).toEqual(["outpatient"])
  })

  it("shows every rule, the longest first", () => {
    const { rules, open } = ask("logs", "2027-06-01", [{ rule: "cert-in-logs", by: "Dr. A. Rao", on: "2027-06-01" }])
    expect(rules.map(({ id, tense }) => [id, tense])).toEqual([
      ["dpdp-logs", "in_force"],
      ["cert-in-logs", "in_force"],
    ])
    expect(open).toEqual(["dpdp-logs"])
  })

  it("is no free hand for records of a class that no rule is about", () => {
    for (const unknown of ["x-ray", "in-patient", ""])
      expect(() => ask(unknown, "2027-06-01")).toThrow(
        expect.objectContaining({ code: "WK009", hint: expect.stringContaining("inpatient") }),
      )
  })
})
