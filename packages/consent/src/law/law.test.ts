import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parsePolicy } from "@wardkeep/core"
import { afterEach, describe, expect, it } from "vitest"
import { aboutDays } from "./calendar.js"
import { citationFaults } from "./citations.js"
import { loadLaw } from "./law.js"
import type { Obligation } from "./schema.js"

const shipped = loadLaw()
const folders: string[] = []

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

/** A copy of the shipped rules with one file replaced. */
function changed(file: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "wardkeep-law-"))
  folders.push(folder)
  cpSync(new URL("../../rules", import.meta.url), folder, { recursive: true })
  writeFileSync(join(folder, file), text)
  return folder
}

const valid = shipped.obligations.find(({ id }) => id === "dpdp-rules-7-2-b") as Obligation
const with_ = (over: object): string => JSON.stringify({ ...valid, ...over })

describe("the shipped rules", () => {
  it("each have a citation with a full title, a source, and a day from which they bind or a reason why not", () => {
    for (const rule of [...shipped.obligations, ...shipped.retention]) {
      expect(shipped.instruments[rule.instrument], rule.id).toBeTruthy()
      expect(rule.sources.length, rule.id).toBeGreaterThan(0)
      if (rule.force.from !== null && rule.force.from !== "earlier" && rule.force.note === undefined)
        expect.fail(`${rule.id}: a day needs a note that says where it comes from`)
    }
  })

  it("keep logs for no longer than the least that a policy file may say", () => {
    const policy = (keep: string) => () =>
      parsePolicy({
        tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
        tables: { patient: { scope: "branch" } },
        purposes: { care: { basis: "s7a" } },
        roles: { doctor: { purposes: ["care"], can: { patient: "read" } } },
        auditLog: { keep },
      })
    expect(policy("P11M")).toThrow(/rule 6\(1\)\(e\)/)
    expect(policy("P1Y")().auditLog).toEqual({ keepMonths: 12 })
    const asked = shipped.retention.filter(({ record }) => record === "logs")
    expect(asked.map(({ id }) => id).length).toBeGreaterThan(1)
    for (const { id, period } of asked) expect(aboutDays(period?.length ?? "P99Y"), id).toBeLessThanOrEqual(366)
  })

  it("hold the limits that a clinic is asked about, each from its own event", () => {
    const limits = shipped.obligations.flatMap(({ id, period }) => (period === undefined ? [] : [[id, period.length]]))
    expect(Object.fromEntries(limits)).toEqual({
      "cert-in-ii": "PT6H",
      "cert-in-iv": "P180D",
      "dpdp-rules-4": "P7Y",
      "dpdp-rules-6-1-e": "P1Y",
      "dpdp-rules-7-2-b": "PT72H",
      "dpdp-rules-8-3": "P1Y",
      "dpdp-rules-14-3": "P90D",
      "imc-regs-1-3-2": "PT72H",
      "spdi-rules-5-grievance": "P1M",
    })
  })

  it("say the same where a duty and a retention row have one clause", () => {
    for (const rule of shipped.retention)
      for (const duty of shipped.obligations)
        if (duty.instrument === rule.instrument && duty.clause === rule.clause && duty.period !== undefined)
          expect([rule.period, rule.force], rule.id).toEqual([duty.period, duty.force])
  })
})

describe("law data that is not valid", () => {
  it.each([
    ["not JSON", "{", /dpdp-rules-7-2-b\.json: not JSON/],
    ["no source", with_({ sources: [] }), /sources/],
    ["no citation", with_({ clause: "" }), /clause/],
    ["a field that nobody knows", with_({ penalty: "250 crore" }), /penalty/],
    ["a day that is none", with_({ force: { status: "enacted", from: "2027-02-30" } }), /force/],
    ["enacted without a day", with_({ force: { status: "enacted", from: null } }), /first day/],
    ["a proposal with a day", with_({ force: { status: "proposed", from: "2026-04-22" } }), /first day/],
    ["a period in words", with_({ period: { kind: "within", length: "72 hours", clock: "awareness" } }), /one unit/],
    ["another rule's file", with_({ id: "dpdp-rules-7-9" }), /the rule in it is dpdp-rules-7-9/],
    ["an instrument without a title", with_({ instrument: "gdpr" }), /instruments\.json has no gdpr/],
  ])("is refused: %s", (_what, text, message) => {
    const folder = changed("obligations/dpdp-rules-7-2-b.json", text)
    expect(() => loadLaw(folder)).toThrow(
      expect.objectContaining({ code: "WK501", message: expect.stringMatching(message) }),
    )
  })

  it("is refused where nothing is there", () => {
    const folder = mkdtempSync(join(tmpdir(), "wardkeep-law-"))
    folders.push(folder)
    expect(() => loadLaw(folder)).toThrow(expect.objectContaining({ code: "WK501" }))
  })
})

describe("citations that go round and are wrong", () => {
  const cite = (over: object): Obligation => ({ ...valid, ...over }) as Obligation
  const planted: Record<string, Obligation> = {
    "it-act-67c-period": cite({ instrument: "it-act", clause: "section 67C", duty: "Keep records" }),
    "no-contract-ground": cite({ instrument: "dpdp-act", clause: "section 7(b)", duty: "Contractual necessity" }),
    "no-19-2": cite({ instrument: "dpdp-act", clause: "section 19(2)" }),
    "erasure-is-8-7": cite({ instrument: "dpdp-act", clause: "section 8(3)", duty: "Erase on withdrawal" }),
    "breach-is-rule-7": cite({ clause: "rule 6(1)", duty: "Tell the Board of a breach" }),
    "safeguards-are-rule-6": cite({ clause: "rule 7", duty: "Reasonable safeguards" }),
    "draft-rule-13": cite({ clause: "rule 13", duty: "Answer requests for rights" }),
    "no-days-for-access": cite({ clause: "rule 14(1)", duty: "Answer a request for access" }),
    "third-schedule-only": cite({ clause: "rule 8(1)", duty: "Erase after three years of silence" }),
    "seven-years-not-for-clinics": cite({ clause: "rule 4", duty: "Keep consent records" }),
    "or-not-and": cite({
      instrument: "dpdp-act",
      clause: "section 5(3)",
      duty: "Notice in English and one more language",
    }),
    abeyance: cite({ instrument: "nmc-rmp", clause: "regulation 13" }),
  }

  it("are each refused, with the reason, and none of them is ours", () => {
    expect(Object.keys(planted).sort()).toEqual(shipped.forbidden.map(({ id }) => id).sort())
    for (const [id, rule] of Object.entries(planted)) {
      const faults = citationFaults([rule], shipped.forbidden)
      expect(
        faults.map((fault) => fault.split(": ")[1]),
        id,
      ).toEqual([`forbidden citation ${id}`])
    }
    expect(citationFaults([...shipped.obligations, ...shipped.retention], shipped.forbidden)).toEqual([])
    const folder = changed(
      "obligations/dpdp-rules-7-2-b.json",
      with_({ clause: "rule 6(1)", duty: "Tell the Board of a breach" }),
    )
    expect(() => loadLaw(folder)).toThrow(/forbidden citation breach-is-rule-7/)
  })
})
