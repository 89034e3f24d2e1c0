import { describe, expect, it } from "vitest"
import { definePolicy } from "./define.js"
import { roleNames } from "./names.js"
import { parsePolicy } from "./parse.js"

const base = {
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: {
    patient: { scope: "branch" },
    note: { scope: { through: "patient", by: "patient_id" } },
    log: { scope: "unmanaged" },
  },
  purposes: { care: { basis: "s7a" } },
  roles: { doctor: { purposes: ["care"], can: { patient: "manage" } } },
}

function faultsOf(change: Record<string, unknown>): string {
  try {
    parsePolicy({ ...base, ...change })
  } catch (error) {
    if (error instanceof Error) return error.message
  }
  return "accepted"
}

describe("a policy file", () => {
  it("says what may stand under audit", () => {
    const audited = (audit: unknown): string =>
      faultsOf({ tables: { ...base.tables, patient: { scope: "branch", audit } } })
    for (const fine of [{ views: true }, { redact: ["phone"] }, { redact: ["phone"], views: { strict: ["phone"] } }])
      expect(audited(fine)).toBe("accepted")
    expect(audited({})).toContain("write redact, views or both")
    for (const wrong of [false, "strict"])
      expect(audited({ views: wrong })).toContain("write views: true or { strict: ['group or column'] }")
    expect(audited({ views: { strict: [] } })).toContain("tables.patient.audit.views.strict")
  })

  it("resolves names, inheritance and durations", () => {
    const policy = definePolicy({
      tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
      tables: { patient: { scope: "branch" }, visit: { scope: "branch" } },
      purposes: { care: { basis: "s7a" } },
      roles: {
        doctor: {
          purposes: ["care"],
          mfa: "PT1H30M",
          can: { patient: "read", visit: { create: true, update: ["note"] } },
        },
        locum: { extends: "doctor", mustExpire: true, can: { visit: "read" } },
      },
    })
    const locum = policy.actors.find((actor) => actor.name === "locum")
    expect(locum).toMatchObject({ kind: "role", purposes: ["care"], mfaSeconds: 5400, mustExpire: true })
    const plain = { columns: "all", when: null, after: null, purposes: null, mfaSeconds: null }
    expect(locum?.can.get("public.patient")).toEqual({ rules: { read: plain } })
    expect(locum?.can.get("public.visit")).toEqual({ rules: { read: plain } })
    expect(policy.tables.get("public.branch")).toEqual({ scope: "tenant" })
    expect(roleNames(policy).role("doctor")).toBe("wk_main_r_doctor")
  })

  it("does not compile with an unknown table, purpose or role", () => {
    const tenancy = {
      tenant: "clinic",
      branch: "branch",
      columns: { tenant: "clinic_id", branch: "branch_id" },
    } as const
    const tables = { patient: { scope: "branch" } } as const
    const purposes = { care: { basis: "s7a" } } as const
    const define = { tenancy, tables, purposes }
    // biome-ignore format: the expected compile error must stand on the line after its comment
    const attempts = [
      // @ts-expect-error: no table called patients
      () => definePolicy({ ...define, roles: { d: { purposes: ["care"], can: { patients: "read" } } } }),
      // @ts-expect-error: no purpose called cure
      () => definePolicy({ ...define, roles: { d: { purposes: ["cure"] } } }),
      // @ts-expect-error: no role called nurse
      () => definePolicy({ ...define, roles: { d: { purposes: ["care"], extends: "nurse" } } }),
    ]
    const said = ["roles.d.can.patients: not under tables", "cure is not under purposes", "nurse is not under roles"]
    for (const [index, attempt] of attempts.entries()) expect(attempt).toThrow(said[index])
  })

  it("does not compile with an unknown condition, action or assignment table", () => {
    const define = {
      tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
      tables: { note: { scope: "branch", subject: "patient_id" } },
      purposes: { care: { basis: "s7a" } },
    } as const
    const conditions = { own: { own: "author" } } as const
    // biome-ignore format: the expected compile error must stand on the line after its comment
    const attempts = [
      // @ts-expect-error: no condition called mine
      () => definePolicy({ ...define, conditions, roles: { d: { purposes: ["care"], can: { note: { read: { when: "mine" } } } } } }),
      // @ts-expect-error: no action called burn
      () => definePolicy({ ...define, conditions, roles: { d: { purposes: ["care"], can: { note: { burn: true } } } } }),
      // @ts-expect-error: no purpose called cure
      () => definePolicy({ ...define, conditions, roles: { d: { purposes: ["care"], can: { note: { read: { purposes: ["cure"] } } } } } }),
      // @ts-expect-error: no table called team
      () => definePolicy({ ...define, conditions: { x: { assigned: { table: "team", actor: "a", subject: "s" } } }, roles: { d: { purposes: ["care"] } } }),
    ]
    const said = [
      "mine is not under conditions",
      "unknown burn",
      "cure is not under purposes",
      "team is not under tables",
    ]
    for (const [index, attempt] of attempts.entries()) expect(attempt).toThrow(said[index])
    expect(() =>
      definePolicy({
        ...define,
        conditions,
        roles: { d: { purposes: ["care"], can: { note: { read: { when: "own" } } } } },
      }),
    ).not.toThrow()
  })

  it("says where a fault is and what to write instead", () => {
    expect(faultsOf({ tables: { patient: { scope: "brunch" } } })).toContain(
      "tables.patient.scope: write scope: 'global', 'tenant'",
    )
    expect(faultsOf({ roles: { doctor: { purposes: ["care"], mfa: "12 hours" } } })).toContain(
      "roles.doctor.mfa: write an ISO 8601 duration",
    )
    expect(faultsOf({ roles: { doctor: { purposes: ["care"], can: { patient: "write" } } } })).toContain(
      "write 'read', 'manage' or",
    )
    expect(faultsOf({ rest: "ignore" })).toContain("rest: write rest: 'error'")
    expect(faultsOf({ colour: 1 })).toContain("policy: unknown colour")
    expect(faultsOf({ roles: { Doctor: { purposes: ["care"] } } })).toContain("lower-case letters")
    expect(faultsOf({ roles: { doctor: { purposes: [] } } })).toContain("name at least one purpose")
    expect(faultsOf({ roles: { doctor: { purposes: ["care"], can: { log: "read" } } } })).toContain(
      "the table is unmanaged",
    )
    expect(faultsOf({ lookups: { x: { table: "nothing", by: "a", returns: ["b"] } } })).toContain(
      "nothing is not under tables",
    )
  })

  it("refuses circles", () => {
    expect(
      faultsOf({ roles: { a: { extends: "b", purposes: ["care"] }, b: { extends: "a", purposes: ["care"] } } }),
    ).toContain("goes round in a circle")
    expect(
      faultsOf({
        tables: { a: { scope: { through: "b", by: "b_id" } }, b: { scope: { through: "a", by: "a_id" } } },
        roles: { r: { purposes: ["care"] } },
      }),
    ).toContain("'through' leads back")
  })

  it("names every fault at once", () => {
    const faults = faultsOf({ roles: { doctor: { purposes: ["cure", "kill"], can: { nothing: "read" } } } })
    expect(faults.split("\n").filter((line) => line.startsWith("  - "))).toHaveLength(3)
  })

  it("refuses a role name PostgreSQL would truncate", () => {
    expect(() => roleNames({ deployment: "x".repeat(12) }).role("y".repeat(50))).toThrow(
      expect.objectContaining({ code: "WK001" }),
    )
  })
})
