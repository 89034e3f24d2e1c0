import { movePatient } from "@wardkeep/postgres"
import { expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { consent } from "./consent.js"

const clinic = useAssigned(
  useDatabase(),
  crossingPolicy({
    consent: { subjects: "patient", born: "born", recordedBy: ["doctor"], noticesBy: ["chief"] },
    purposes: {
      care: { basis: "s7a" },
      billing: { basis: "s7a" },
      operations: { basis: "s7a" },
      outreach: { basis: "s7a", objection: "stops" },
    },
  }),
  (schema) => `${schema}; alter table patient add born date;`,
  [consent],
)

it("a person moves with the bits of somebody who was never asked, and not once the ledger holds anything", async () => {
  const [here, there] = clinic.places
  await clinic.grant("manager", "manager", 0, { scope: "all" })
  const manager = await clinic.session("manager")
  const [asked = "", other = ""] = here.patients
  const move = (subject: string) =>
    clinic.wk.run(manager, () =>
      movePatient(clinic.wk, { subject, from: here.branch, to: there.branch, reason: "lives there" }),
    )
  await clinic.admin(
    `insert into wardkeep_consent.event (at, tenant, branch, subject, kind, actor, role, purpose, session_id)
     values (now(), $1, $2, $3, 'emergency', 'x', 'doctor', 'care', gen_random_uuid())`,
    [here.clinic, here.branch, asked],
  )
  await expect(move(asked)).rejects.toMatchObject({ code: "WK503" })
  await move(other)
  const rows = await clinic.admin(
    "select id, branch_id, wk_consent = wardkeep_consent.unasked() as unasked from patient where id = any ($1)",
    [[asked, other]],
  )
  expect(rows).toContainEqual({ id: asked, branch_id: here.branch, unasked: true })
  expect(rows).toContainEqual({ id: other, branch_id: there.branch, unasked: true })
})
