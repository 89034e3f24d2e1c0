import { definePolicy, handlingActions } from "@wardkeep/core"
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
const guardians = { table: "guardian_of", actor: "guardian", subject: "patient_id", until: "until" } as const
const purposes = { care: "care", billing: "billing", operations: "operations" } as const

const aboutPatient = { scope: "branch", subject: "patient_id" } as const

const preset = presetRoles({ roles: presetNames, tables, purposes, guardians })
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
    guardian_of: { scope: "tenant" },
  },
  purposes: { care: { basis: "x" }, billing: { basis: "x" }, operations: { basis: "x" } },
  conditions: preset.conditions,
  roles: preset.roles,
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

  it("give patients and guardians nothing that is not tied to a person", () => {
    for (const role of ["patient", "guardian"] as const)
      for (const [table] of Object.values(tables))
        for (const action of ["create", "read", "update", "delete", ...handlingActions] as const)
          expect(matrix.can(matrix.role(role), matrix.cell(table, action)), `${role} ${action} ${table}`).toBe(false)
    expect(matrix.could(matrix.role("guardian"), matrix.cell("clinical_note", "read"))).toBe(true)
  })

  it("end with a date for locums, auditors, support and guardians", () => {
    const ends = policy.actors.filter(({ mustExpire }) => mustExpire).map(({ name }) => name)
    expect(ends).toEqual(["locum", "auditor", "vendor_support", "guardian"])
  })

  it("refuse what does not fit together", () => {
    expect(() => presetRoles({ roles: ["locum"], tables, purposes })).toThrow("name the doctor too")
    expect(() => presetRoles({ roles: ["guardian"], tables, purposes })).toThrow("needs the table of guardians")
    // @ts-expect-error: no preset of this name
    expect(() => presetRoles({ roles: ["surgeon"], tables, purposes })).toThrow("there is no preset surgeon")
  })
})
