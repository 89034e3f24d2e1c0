import { describe, expect, it } from "vitest"
import { parsePolicy } from "./parse.js"

const referral = { role: "guest", from: ["doctor"], to: ["doctor"], longest: "P30D", bases: ["second_opinion"] }
const parse = (crossings: Record<string, unknown>, over: Record<string, unknown> = {}, roles = {}) =>
  parsePolicy({
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: { patient: { scope: "branch", subject: "id" }, staff: { scope: "tenant", subject: "id" } },
    purposes: { care: { basis: "s7a" }, billing: { basis: "s7a" } },
    roles: {
      doctor: { purposes: ["care"], can: { patient: "manage" } },
      guest: { purposes: ["care"], confined: true, can: { patient: "read" } },
      ...roles,
    },
    crossings,
    ...over,
  })

describe("crossings of the policy file", () => {
  it("name people, referrals with an end, and who moves and merges; without them nothing crosses", () => {
    expect(parse({ people: "patient", referral, movedBy: ["doctor"] }).crossings).toEqual({
      people: "public.patient",
      referral: { ...referral, longest: undefined, longestSeconds: 2_592_000, writes: false },
      movedBy: ["doctor"],
      mergedBy: [],
    })
    expect(parsePolicy(minimal).crossings).toBeNull()
  })

  it.each([
    ["nothing", { people: "patient" }, {}, /write referral, movedBy or mergedBy/],
    ["unknown people", { people: "person", movedBy: ["doctor"] }, {}, /person is not under tables/],
    ["people of the whole tenant", { people: "staff", movedBy: ["doctor"] }, {}, /scope 'branch'/],
    ["an unknown mover", { people: "patient", movedBy: ["nobody"] }, {}, /nobody is not under roles/],
    ["a confined mover", { people: "patient", mergedBy: ["guest"] }, {}, /guest is confined itself/],
    ["a role that is not confined", { referral: { ...referral, role: "doctor" } }, {}, /write confined: true/],
    ["an unknown role", { referral: { ...referral, role: "nobody" } }, {}, /nobody is not under roles/],
    ["no basis", { referral: { ...referral, bases: [] } }, {}, /bases/],
    ["an end in months", { referral: { ...referral, longest: "P1M" } }, {}, /longest/],
    ["seconds", { referral: { ...referral, longest: "PT5S" } }, {}, /at least a minute/],
    [
      "a role with two purposes",
      { referral },
      { guest: { purposes: ["care", "billing"], confined: true, can: { patient: "read" } } },
      /exactly one purpose/,
    ],
    [
      "a role that somebody grants",
      { referral },
      { chief: { purposes: ["care"], mayGrant: ["guest"] } },
      /only ever opened, by a referral/,
    ],
    [
      "a role that writes",
      { referral },
      { guest: { purposes: ["care"], confined: true, can: { patient: { read: true, update: true } } } },
      /may write public.patient; write writes: true/,
    ],
  ])("are refused with %s", (_what, crossings, roles, message) => {
    expect(() => parse({ people: "patient", ...crossings }, {}, roles)).toThrowError(message)
  })

  it("open another role than emergencies do", () => {
    const breakGlass = { role: "guest", from: ["doctor"], longest: "PT1H", reasons: ["x"], reviewedBy: ["doctor"] }
    expect(() => parse({ people: "patient", referral }, { breakGlass })).toThrowError(/a role of their own/)
    const writing = { guest: { purposes: ["care"], confined: true, can: { patient: { read: true, update: true } } } }
    expect(() => parse({ people: "patient", referral: { ...referral, writes: true } }, {}, writing)).not.toThrow()
  })
})

const minimal = {
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: {},
  purposes: { care: { basis: "s7a" } },
  roles: {},
}
