import type { CellInput } from "@wardkeep/core"
import type { Area } from "./tables.js"

type Guarded = Exclude<CellInput, "read" | "manage">

/** What a preset says about one area. */
export type AreaCell = "read" | "manage" | Guarded

export interface Preset {
  readonly purposes: readonly PurposeArea[]
  readonly mfa?: string
  readonly mustExpire?: true
  readonly confined?: true
  readonly areas: { readonly [A in Area]?: AreaCell }
}

/** The purposes that presets speak of; the policy file gives each its own name and legal basis. */
export type PurposeArea = "care" | "billing" | "operations"

const keep: AreaCell = { create: true, read: true, update: true }
const printed: AreaCell = { create: true, read: true, update: true, print: true }
const record: AreaCell = { read: true, download: true }

/** Nobody but a clinician deletes or reads clinical data; who administers a branch does neither. */
export const presets = {
  reception: {
    purposes: ["care"],
    areas: { identity: keep, appointments: "manage", administration: "read", reference: "read" },
  },
  billing: {
    purposes: ["billing"],
    areas: { identity: "read", appointments: "read", billing: printed, reference: "read" },
  },
  doctor: {
    purposes: ["care"],
    mfa: "PT12H",
    areas: {
      identity: keep,
      appointments: "manage",
      clinical: printed,
      prescriptions: printed,
      laboratory: printed,
      dispensing: "read",
      administration: "read",
      reference: "read",
    },
  },
  nurse: {
    purposes: ["care"],
    areas: {
      identity: keep,
      appointments: keep,
      clinical: keep,
      prescriptions: "read",
      laboratory: "read",
      administration: "read",
      reference: "read",
    },
  },
  pharmacist: {
    purposes: ["care"],
    areas: { identity: "read", prescriptions: { read: true, print: true }, dispensing: keep, reference: "read" },
  },
  lab: { purposes: ["care"], areas: { identity: "read", laboratory: printed, reference: "read" } },
  branch_admin: {
    purposes: ["operations"],
    mfa: "PT12H",
    areas: { appointments: "read", administration: "manage", reference: "manage" },
  },
  owner: {
    purposes: ["operations"],
    mfa: "PT12H",
    areas: {
      appointments: "read",
      billing: { read: true, export: { mfa: "PT15M" } },
      administration: "manage",
      reference: "manage",
    },
  },
  // The audit log has functions of its own; here an auditor needs no table of the clinic.
  auditor: { purposes: ["operations"], mfa: "PT12H", mustExpire: true, areas: { reference: "read" } },
  privacy_officer: {
    purposes: ["operations"],
    mfa: "PT12H",
    areas: { identity: { read: true, export: { mfa: "PT15M" } }, requests: keep, reference: "read" },
  },
  // Support works in contexts of its own, which are recorded; the role by itself shows reference data only.
  vendor_support: { purposes: ["operations"], mfa: "PT1H", mustExpire: true, areas: { reference: "read" } },
  // Whose record it is, the assignment says: a confined role reaches the subjects that its context names.
  patient: {
    purposes: ["care"],
    confined: true,
    areas: {
      identity: record,
      appointments: record,
      clinical: record,
      prescriptions: record,
      laboratory: record,
      billing: record,
    },
  },
  // A ward comes of age: the assignment of each one has an end.
  guardian: {
    purposes: ["care"],
    confined: true,
    mustExpire: true,
    areas: {
      identity: record,
      appointments: record,
      clinical: record,
      prescriptions: record,
      laboratory: record,
    },
  },
} as const satisfies Record<string, Preset>

/** Roles made of others: a locum is a doctor with an end, and in a solo practice one person is everything but the auditor. */
export const solo: Preset = {
  purposes: ["care", "billing", "operations"],
  mfa: "PT12H",
  areas: {
    identity: "manage",
    appointments: "manage",
    clinical: printed,
    prescriptions: printed,
    laboratory: printed,
    dispensing: "manage",
    billing: printed,
    administration: "manage",
    reference: "manage",
    requests: keep,
  },
}
