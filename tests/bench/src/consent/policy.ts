import { definePolicy } from "@wardkeep/core"

/** Five purposes that wait for a yes; the first is the one that is queried under. */
export const consentPurposes = ["outreach", "research", "newsletter", "photographs", "teaching"] as const

const tenancy = { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } } as const
const tables = { patient: { scope: "branch", subject: "id" } } as const
const desk = { purposes: ["care"], can: { patient: "manage" } } as const
const head = { purposes: ["care"], can: { patient: "read" } } as const

/** `both` may do either, so the wall stands in front of it under care too. */
export const consentPolicy = (deployment: string) =>
  definePolicy({
    deployment,
    tenancy,
    tables,
    purposes: {
      care: { basis: "s7a" },
      outreach: { basis: "consent" },
      research: { basis: "consent" },
      newsletter: { basis: "consent" },
      photographs: { basis: "consent" },
      teaching: { basis: "consent" },
    },
    consent: { subjects: "patient", born: "born_on", recordedBy: ["desk"], noticesBy: ["head"], rightsBy: ["head"] },
    roles: {
      desk,
      head,
      caller: { purposes: ["outreach"], can: { patient: "read" } },
      both: { purposes: ["care", "outreach"], can: { patient: "read" } },
    },
  })

/** The same without a ledger, and therefore without `wk_restricted`. */
export const barePolicy = (deployment: string) =>
  definePolicy({ deployment, tenancy, tables, purposes: { care: { basis: "s7a" } }, roles: { desk, head } })
