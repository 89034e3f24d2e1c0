import { definePolicy } from "@wardkeep/core"
import type { ColumnTypes, Context } from "@wardkeep/permissions"

export const tenant = "t1"

/** A small clinic with every kind of tie a cell can have. */
export function clinic() {
  return definePolicy({
    tenancy: { tenant: "clinic", branch: "branch", columns: { tenant: "clinic_id", branch: "branch_id" } },
    tables: {
      patient: { scope: "branch", subject: "id", columns: { sensitive: ["hiv_status"] } },
      clinical_note: { scope: "branch", subject: "patient_id" },
      care_team: { scope: "branch" },
      invoice: { scope: "branch" },
      drug: { scope: "global" },
    },
    purposes: { care: { basis: "test" }, billing: { basis: "test" } },
    conditions: {
      "own-and-unsigned": { all: [{ own: "author" }, { state: { column: "status", in: ["draft"] } }] },
      own: { own: "author" },
      "on-the-team": { assigned: { table: "care_team", actor: "staff", subject: "patient_id" } },
      "by-day": {
        hours: { zone: "Asia/Kolkata", days: ["mon", "tue", "wed", "thu", "fri"], from: "08:00", to: "20:00" },
      },
    },
    roles: {
      reception: {
        purposes: ["care"],
        can: { patient: { read: ["id", "name", "phone"], create: true, update: ["phone"] }, invoice: "read" },
      },
      doctor: {
        purposes: ["care", "billing"],
        mfa: "PT12H",
        can: {
          patient: { read: true, update: true, export: { mfa: "PT15M", columns: ["id", "name"] } },
          clinical_note: {
            read: { when: "on-the-team", purposes: ["care"] },
            create: true,
            update: { when: "own-and-unsigned", after: "own" },
            print: true,
          },
          care_team: { read: ["staff", "patient_id"] },
          drug: "read",
        },
      },
      locum: { extends: "doctor", mustExpire: true },
      billing: { purposes: ["billing"], can: { invoice: "manage", patient: { read: ["id", "name"] } } },
    },
    services: { reminders: { purposes: ["care"], can: { patient: { read: ["id", "phone"] } } } },
  })
}

export const columnTypes: ColumnTypes = new Map(
  Object.entries({
    patient: ["id", "name", "phone", "hiv_status", "clinic_id", "branch_id"],
    clinical_note: ["id", "patient_id", "author", "status", "body", "clinic_id", "branch_id"],
    care_team: ["staff", "patient_id", "clinic_id", "branch_id"],
    invoice: ["id", "amount", "clinic_id", "branch_id"],
    drug: ["id", "name"],
  }).map(([table, columns]) => [`public.${table}`, new Map(columns.map((column) => [column, { type: "text" }]))]),
)

export const note = { id: "n1", patient_id: "p1", author: "asha", status: "draft", clinic_id: tenant, branch_id: "b1" }

export const doctor: Context = {
  actor: "asha",
  role: "doctor",
  purpose: "care",
  tenant,
  branches: ["b1"],
  mfaAt: new Date("2026-11-26T09:55:00Z"),
  now: new Date("2026-11-26T10:00:00Z"),
  assignments: { "public.care_team": [{ staff: "asha", patient_id: "p1" }] },
}
