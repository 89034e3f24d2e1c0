import { definePolicy } from "@wardkeep/core"

/** Roles of the measured clinic: all of them read patients; reception through a view of the same shape. */
export const roleNamesOfBench = ["doctor", "reception", "billing"] as const
export type BenchRole = (typeof roleNamesOfBench)[number]

/** `views`: who saw which patient is recorded too. */
export function benchPolicy(deployment: string, views = false) {
  return definePolicy({
    deployment,
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: {
      clinic: { scope: "tenant" },
      branch: { scope: "tenant" },
      patient: {
        scope: "branch",
        subject: "id",
        columns: { sensitive: ["hiv_status"] },
        search: { words: ["full_name"], lastDigits: ["phone"] },
        ...(views && { audit: { views: true } }),
      },
      patient_few: { scope: "branch", subject: "id" },
      visit: { scope: "branch", subject: "patient_id" },
      note: { scope: "branch" },
    },
    purposes: { care: { basis: "s7a" } },
    roles: {
      doctor: {
        purposes: ["care"],
        can: { branch: "read", patient: "manage", patient_few: "manage", visit: "manage", note: "manage" },
      },
      reception: {
        purposes: ["care"],
        can: {
          patient: { read: ["clinic_id", "branch_id", "id", "full_name", "phone", "balance", "created_at"] },
          visit: "manage",
        },
      },
      billing: { purposes: ["care"], can: { patient: "read" } },
    },
  })
}
