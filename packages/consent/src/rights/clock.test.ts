import { describe, expect, it } from "vitest"
import { loadLaw } from "../law/law.js"
import { requestClock } from "./clock.js"
import { keepUntil } from "./keep.js"

const law = loadLaw()

describe("the clock of a request", () => {
  it("is the earliest of what binds on the day and what the clinic publishes, and says which", () => {
    const receivedAt = new Date("2026-11-28T00:00:00Z")
    const grievance = requestClock(law, { asked: "grievance", receivedAt, published: "P60D" })
    expect(grievance).toMatchObject({ rule: "spdi-rules-5-grievance", dueAt: new Date("2026-12-28T00:00:00Z") })
    expect(grievance.considered.map(({ rule, tense }) => [rule, tense])).toEqual([
      ["dpdp-rules-14-3", "not_yet"],
      ["spdi-rules-5-grievance", "in_force"],
      [null, null],
    ])
    const later = requestClock(law, {
      asked: "grievance",
      receivedAt: new Date("2027-06-01T00:00:00Z"),
      published: "P120D",
    })
    expect(later).toMatchObject({ rule: "dpdp-rules-14-3", dueAt: new Date("2027-08-30T00:00:00Z") })
    // No number of days stands in the Rules for access, correction or erasure: the period is the clinic's own.
    expect(requestClock(law, { asked: "erasure", receivedAt })).toMatchObject({
      rule: null,
      dueAt: new Date("2026-12-28T00:00:00Z"),
    })
    expect(requestClock(law, { asked: "access", receivedAt, recordsToo: true })).toMatchObject({
      rule: "imc-regs-1-3-2",
      dueAt: new Date("2026-12-01T00:00:00Z"),
    })
  })

  it("counts days across midnight in India, and refuses law data without the rule", () => {
    // 13 May 2027 begins in India at 18:30 UTC of the 12th.
    const tense = (at: string) =>
      requestClock(law, { asked: "grievance", receivedAt: new Date(at) }).considered.find(
        (c) => c.rule === "dpdp-rules-14-3",
      )?.tense
    expect([tense("2027-05-12T18:29:59Z"), tense("2027-05-12T18:30:00Z")]).toEqual(["not_yet", "in_force"])
    expect(() => requestClock({ ...law, obligations: [] }, { asked: "grievance", receivedAt: new Date() })).toThrow(
      expect.objectContaining({ code: "WK501" }),
    )
  })
})

describe("what an erasure leaves for a while", () => {
  const records = [{ record: "inpatient", since: new Date("2025-02-01T00:00:00Z") }]
  const on = new Date("2026-11-28T00:00:00Z")

  it("is nobody's to say until a person stands for each rule", () => {
    expect(() => keepUntil(law, { on, records, attestations: [] })).toThrow(
      expect.objectContaining({ code: "WK561", message: expect.stringContaining("inpatient-imc") }),
    )
    const attestations = law.retention
      .filter(({ record }) => record === "inpatient")
      .map(({ id }) => ({ rule: id, by: "Dr Devi", on: "2026-11-01" }))
    const kept = keepUntil(law, { on, records, attestations })
    expect(kept).toMatchObject([{ record: "inpatient", rule: "inpatient-imc", until: "2028-02-01T00:00:00.000Z" }])
    expect(keepUntil(law, { on: new Date("2029-01-01T00:00:00Z"), records: [], attestations })).toEqual([])
  })
})
