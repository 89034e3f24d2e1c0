import { definePolicy, handlingActions, parsePolicy } from "@wardkeep/core"
import { describe, expect, it } from "vitest"
import { compileMatrix } from "../matrix/matrix.js"
import { presetNames, presetRoles } from "./presets.js"

const tables = {
  identity: ["patient"],
  appointments: ["appointment"],
  clinical: ["clinical_note"],
  prescriptions: ["prescription"],
  laboratory: ["lab_order"],
  dispensing: ["stock"],
  billing: ["invoice"],
  administration: ["staff"],
  reference: ["drug"],
  requests: ["rights_request"],
} as const
const purposes = { care: "care", billing: "billing", operations: "operations" } as const

const aboutPatient = { scope: "branch", subject: "patient_id" } as const

const roles = presetRoles({ roles: presetNames, tables, purposes })
const policy = definePolicy({
  tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
  tables: {
    patient: { scope: "branch", subject: "id" },
    appointment: aboutPatient,
    clinical_note: aboutPatient,
    prescription: aboutPatient,
    lab_order: aboutPatient,
    stock: { scope: "branch" },
    invoice: aboutPatient,
    staff: { scope: "tenant" },
    drug: { scope: "global" },
    rights_request: aboutPatient,
  },
  purposes: { care: { basis: "x" }, billing: { basis: "x" }, operations: { basis: "x" } },
  roles,
})
const matrix = compileMatrix(policy)

describe("presets", () => {
  it("make a valid policy of all fifteen", () => {
    expect(policy.actors.map(({ name }) => name)).toEqual(presetNames)
    expect(presetNames).toHaveLength(15)
  })

  it("show no clinical data to those who administer", () => {
    for (const role of [
      "reception",
      "billing",
      "branch_admin",
      "owner",
      "auditor",
      "privacy_officer",
      "vendor_support",
    ] as const) {
      for (const [table] of [tables.clinical, tables.prescriptions, tables.laboratory])
        expect(matrix.could(matrix.role(role), matrix.cell(table, "read")), `${role} ${table}`).toBe(false)
    }
  })

  it("let nobody delete a note, and keep prescriptions from billing and reception", () => {
    for (const role of presetNames)
      expect(matrix.could(matrix.role(role), matrix.cell("clinical_note", "delete"))).toBe(false)
    for (const role of ["billing", "reception", "nurse", "pharmacist"] as const)
      expect(matrix.could(matrix.role(role), matrix.cell("prescription", "update")), role).toBe(false)
  })

  it("confine patients and guardians, and let them read and take away, and no more", () => {
    expect(policy.actors.filter(({ confined }) => confined).map(({ name }) => name)).toEqual(["patient", "guardian"])
    for (const role of ["patient", "guardian"] as const)
      for (const [area, [table]] of Object.entries(tables))
        for (const action of ["create", "read", "update", "delete", ...handlingActions] as const) {
          const taken = action === "read" || action === "download"
          const areas = ["identity", "appointments", "clinical", "prescriptions", "laboratory"]
          const record = areas.includes(area) || (role === "patient" && area === "billing")
          const may = matrix.could(matrix.role(role), matrix.cell(table, action))
          expect(may, `${role} ${action} ${table}`).toBe(taken && record)
        }
  })

  it("end with a date for locums, auditors, support and guardians", () => {
    const ends = policy.actors.filter(({ mustExpire }) => mustExpire).map(({ name }) => name)
    expect(ends).toEqual(["locum", "auditor", "vendor_support", "guardian"])
  })

  it("refuse what does not fit together", () => {
    expect(() => presetRoles({ roles: ["locum"], tables, purposes })).toThrow("name the doctor too")
    const one = presetRoles({ roles: ["patient"], tables: { identity: ["patient"] }, purposes })
    const tenancy = { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } }
    const unnamed = {
      tenancy,
      tables: { patient: { scope: "branch" } },
      purposes: { care: { basis: "x" } },
      roles: one,
    }
    expect(() => parsePolicy(unnamed)).toThrow("the role is confined to subjects, and public.patient names none")
    // @ts-expect-error: no preset of this name
    expect(() => presetRoles({ roles: ["surgeon"], tables, purposes })).toThrow("there is no preset surgeon")
  })
})
