import { parsePolicy } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { draftPolicy, policyJson, policyText, type SeenTable } from "./draft.js"

const table = (name: string, columns: string[], references: SeenTable["references"] = {}): SeenTable => ({
  name,
  owner: "host",
  columns,
  key: ["id"],
  references,
})

const clinic = [
  table("clinic", ["id", "name"]),
  table("branch", ["id", "clinic_id"], { clinic_id: ["clinic"] }),
  table("patient", ["id", "clinic_id", "branch_id"]),
  table("staff", ["id", "clinic_id"]),
  table("drug", ["id", "name"]),
]

const scopes = (tables: readonly SeenTable[], named = {}) =>
  Object.fromEntries(draftPolicy("public", tables, named).tables.map(({ name, scope }) => [name, scope]))

describe("a first policy", () => {
  it("gives the branch column scope branch, the tenant column alone scope tenant, and leaves the rest", () => {
    expect(scopes(clinic)).toEqual({
      clinic: "tenant",
      branch: "tenant",
      patient: "branch",
      staff: "tenant",
      drug: "unmanaged",
    })
  })

  it("finds plural tables, other words, and tables that only a foreign key names", () => {
    const hospital = [
      table("hospitals", ["id"]),
      table("places", ["id", "hospital_id"]),
      table("visits", ["id", "hospital_id", "site_id"], { site_id: ["places"] }),
    ]
    expect(draftPolicy("public", hospital).tenancy).toEqual({
      tenant: "hospitals",
      branch: "places",
      columns: { tenant: "hospital_id", branch: "site_id" },
    })
  })

  it("leaves a table with the branch column alone unmanaged: it would lack its tenant", () => {
    expect(scopes([...clinic, table("shelf", ["id", "branch_id"])]).shelf).toBe("unmanaged")
  })

  it("takes the names it is given, and says which option is wrong", () => {
    const named = { tenantColumn: "org", branchColumn: "spot", tenantTable: "o", branchTable: "s" }
    const tables = [table("o", ["id"]), table("s", ["id", "org"]), table("t", ["id", "org", "spot"])]
    expect(scopes(tables, named)).toEqual({ o: "tenant", s: "tenant", t: "branch" })
    expect(() => draftPolicy("public", tables)).toThrow(/tenant column/)
    expect(() => draftPolicy("public", tables, { ...named, branchTable: "x" })).toThrow("there is no table x")
    expect(() => draftPolicy("public", tables, { ...named, tenantColumn: "x" })).toThrow("no table has the column x")
  })

  it("asks for the table when two could be meant", () => {
    const tables = [
      table("a", ["id"]),
      table("b", ["id"]),
      table("x", ["clinic_id", "branch_id"], { clinic_id: ["a"] }),
      table("y", ["clinic_id"], { clinic_id: ["b"] }),
    ]
    expect(() => draftPolicy("public", tables)).toThrow("the table that clinic_id refers to cannot be told")
  })

  it("is a valid document, and names tables that cannot be written instead of dropping them silently", () => {
    const draft = draftPolicy("clinic", [...clinic, table("Odd Name", ["id"])])
    const policy = parsePolicy(JSON.parse(policyJson(draft)))
    expect(policy.tables.get("clinic.patient")).toEqual({ scope: "branch" })
    for (const language of ["typescript", "esm", "commonjs"] as const) {
      const text = policyText(draft, language)
      expect(text).toContain("Odd Name")
      expect(text).toContain('schema: "clinic"')
    }
  })

  it("runs nothing that a table is called: whoever makes tables writes no code for whoever applies the policy", () => {
    const breaks = ["\n", "\r", "\u2028", "\u2029"]
    const tables = breaks.map((one, n) => table(`x${one}throw ${n} //${one}\u001b[2J`, ["id"]))
    const text = policyText(draftPolicy("public", [...clinic, ...tables]), "typescript")
    expect(text.split(/[\n\r\u2028\u2029]/).filter((line) => line.includes("throw"))).toHaveLength(1)
    expect(text).toContain('"x\\u{a}throw 0 //')
    expect(text).not.toContain("\u001b")
  })
})
