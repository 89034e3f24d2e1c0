import { describe, expect, it } from "vitest"
import { parsePolicy } from "./parse.js"

const consent = { subjects: "patient", born: "born_on", recordedBy: ["desk"], noticesBy: ["desk"] }
const base = {
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: {
    patient: { scope: "branch", subject: "id" },
    visit: { scope: "branch", subject: "patient_id" },
    note: { scope: { through: "visit", by: "visit_id" } },
    card: { scope: "tenant", subject: "patient_id" },
    price: { scope: "branch" },
  },
  purposes: {
    care: { basis: "s7a" },
    outreach: { basis: "consent" },
    reminders: { basis: "s7a", objection: "stops" },
  },
  consent,
  roles: {
    desk: { purposes: ["care", "outreach"], can: { patient: "manage", visit: "read", price: "read" } },
    nurse: { purposes: ["care"], can: { note: "manage", card: "read" } },
  },
}
const parse = (over: Record<string, unknown>) => parsePolicy({ ...base, ...over })
const caller = (can: Record<string, unknown>, purposes = ["outreach"]) => ({
  roles: { ...base.roles, caller: { purposes, can } },
})

describe("a policy file with consent", () => {
  it("names its ledger by the qualified table of people", () => {
    expect(parse({}).consent).toEqual({ ...consent, subjects: "public.patient", rightsBy: [] })
    expect(
      parse({ consent: undefined, purposes: { care: { basis: "s7a" }, outreach: { basis: "s7a" } } }).consent,
    ).toBe(null)
  })

  it.each([
    ["a purpose that nobody could hold", { consent: undefined }, /purposes.outreach: nothing could hold it/],
    [
      "an objection to consent",
      { purposes: { ...base.purposes, outreach: { basis: "consent", objection: "stops" } } },
      /withdraws it/,
    ],
    [
      "another objection",
      { purposes: { ...base.purposes, care: { basis: "s7a", objection: "noted" } } },
      /write objection: 'stops'/,
    ],
    [
      "children without consent",
      { purposes: { ...base.purposes, care: { basis: "s7a", children: "parent" } } },
      /only for purposes with basis/,
    ],
    [
      "an unknown table of people",
      { consent: { ...consent, subjects: "person" } },
      /public.person is not under tables/,
    ],
    ["people without a subject", { consent: { ...consent, subjects: "price" } }, /needs a subject column/],
    ["an unknown role", { consent: { ...consent, recordedBy: ["nobody"] } }, /nobody is not under roles/],
    ["a table through another, which cannot say whose consent is asked", caller({ note: "read" }), /names no subject/],
    ["the same for a purpose that an objection stops", caller({ note: "read" }, ["reminders"]), /names no subject/],
    [
      "the same for a service",
      { services: { campaign: { purposes: ["outreach"], can: { note: "read" } } } },
      /services.campaign.can.public.note/,
    ],
    [
      "a job that could choose between a purpose that waits and another one",
      { services: { campaign: { purposes: ["outreach", "care"], can: { patient: "read" } } } },
      /services.campaign.purposes: a job for outreach has no other purpose/,
    ],
    ["a table whose rows the person's branch does not see", caller({ card: "read" }), /kept per branch/],
  ])("is refused: %s", (_what, over, message) => {
    expect(() => parse(over)).toThrowError(message)
  })

  it("takes a cell that is tied to other purposes", () => {
    const tied = caller({ note: { read: { purposes: ["care"] } } }, ["care", "outreach"])
    expect(() => parse(tied)).not.toThrow()
  })
})
