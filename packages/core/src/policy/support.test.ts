import { describe, expect, it } from "vitest"
import { parsePolicy } from "./parse.js"

const document = (
  over: Record<string, unknown> = {},
  can: Record<string, unknown> = { patient: { read: ["id"] } },
) => ({
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: {
    patient: { scope: "branch", subject: "id", columns: { sensitive: ["phone"] } },
    drug: { scope: "global" },
  },
  purposes: { care: { basis: "s7a" } },
  roles: {
    chief: { purposes: ["care"], can: { patient: "read" } },
    support: { purposes: ["care"], can },
  },
  support: { role: "support", allowedBy: ["chief"], longest: "PT1H" },
  ...over,
})

describe("support in the policy file", () => {
  it("is resolved, and without codes needs the clinic's word", () => {
    expect(parsePolicy(document({}, { patient: { read: ["id"] }, drug: "read" })).support).toEqual({
      role: "support",
      allowedBy: ["chief"],
      longestSeconds: 3600,
      breakGlass: [],
    })
  })

  it.each([
    [document({}, { patient: "read" }), "roles.support.can.public.patient.read: list the columns"],
    [document({}, { patient: { read: ["id", "phone"] } }), "phone belongs to the group sensitive, and is masked"],
    [
      document({}, { patient: { read: ["id"], update: ["id"], print: ["id"] } }),
      "support reads, and does not update, print",
    ],
    [
      document({ support: { role: "nobody", allowedBy: ["chief"], longest: "PT1H" } }),
      "support.role: nobody is not under",
    ],
    [document({ support: { role: "support", allowedBy: ["support"], longest: "PT1H" } }), "cannot allow itself"],
    [
      document({ support: { role: "support", allowedBy: ["x"], longest: "PT1H" } }),
      "support.allowedBy: x is not under",
    ],
    [document({ support: { role: "support", allowedBy: ["chief"], longest: "PT5S" } }), "at least a minute"],
    [document({ combinations: { both: ["chief", "support"] } }), "combinations.both: support is only ever opened"],
    [
      document({ roles: { chief: { purposes: ["care"], mayGrant: ["support"] }, support: { purposes: ["care"] } } }),
      "roles.chief.mayGrant: support is only ever opened",
    ],
    [
      document({ roles: { chief: { purposes: ["care"] }, support: { purposes: ["care"], confined: true } } }),
      "support is confined to subjects",
    ],
  ])("is refused where it would show or hold more (%#)", (policy, fault) => {
    expect(() => parsePolicy(policy)).toThrow(
      expect.objectContaining({ code: "WK001", message: expect.stringContaining(fault) }),
    )
  })
})
