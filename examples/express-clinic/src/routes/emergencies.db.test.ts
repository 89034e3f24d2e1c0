import { useDatabase } from "@wardkeep/harness/use-database"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Browser } from "../demo/browser.js"
import { type Target, targetIn } from "../demo/target.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"

const database = useDatabase({ template: clinicTemplate })
let clinic: TestClinic
let doctor: Browser
let owner: Browser
let nextDoor: Target
let id = ""

beforeAll(async () => {
  clinic = await openClinic(database)
  doctor = await clinic.signIn(clinic.people.doctor)
  owner = await clinic.signIn(clinic.people.owner)
  nextDoor = targetIn(clinic.world, clinic.people.doctorNextDoor.branches[0]!)
})
afterAll(() => clinic.close())

const declare = (over: object = {}) => ({
  branch: nextDoor.branch.id,
  patient: nextDoor.patient.id,
  reason: "unconscious",
  explanation: "brought in after a fall",
  minutes: 20,
  ...over,
})

test("an emergency opens exactly one patient of the other branch, and says until when", async () => {
  const { patient } = nextDoor
  expect((await doctor.send("GET", `/patients/${patient.id}`)).status).toBe(404)
  const opened = await doctor.must("POST", "/emergencies", declare())
  id = String(opened.id)
  expect(Date.parse(String(opened.until)) - Date.now()).toBeLessThanOrEqual(20 * 60_000)
  const seen = await doctor.must("GET", `/emergencies/${id}/patients/${patient.id}`)
  expect(seen).toMatchObject({ patient: { id: patient.id, full_name: patient.full_name } })
  expect(seen.notes).not.toHaveLength(0)
  const neighbour = clinic.world.patients.find((one) => one.branch_id === patient.branch_id && one.id !== patient.id)
  const own = clinic.world.patients.find((one) => one.branch_id === clinic.people.doctor.branches[0]?.id)
  for (const other of [neighbour, own])
    expect((await doctor.send("GET", `/emergencies/${id}/patients/${other?.id}`)).body.code).toBe("not_found")
  expect((await doctor.send("GET", `/patients/${patient.id}`)).status).toBe(404)
})

test("it is refused to other roles, for another clinic, without a reason of the policy file, and to other browsers", async () => {
  const nurse = await clinic.signIn(clinic.people.nurse)
  const elsewhere = targetIn(clinic.world, clinic.people.doctorElsewhere.branches[0]!)
  const refusals = [
    await nurse.send("POST", "/emergencies", declare()),
    await doctor.send("POST", "/emergencies", declare({ branch: elsewhere.branch.id, patient: elsewhere.patient.id })),
    await doctor.send("POST", "/emergencies", declare({ patient: nextDoor.branch.id, reason: "curious" })),
    await doctor.send("POST", "/emergencies", declare({ patient: nextDoor.branch.id, minutes: 61 })),
    await nurse.send("GET", "/emergencies"),
  ]
  for (const { status, body } of refusals) expect([status, body.code]).toEqual([403, "emergency_refused"])
  const another = await clinic.signIn(clinic.people.doctor)
  expect((await another.send("GET", `/emergencies/${id}/patients/${nextDoor.patient.id}`)).status).toBe(404)
})

test("a second one waits for the review of the first, by somebody else, which ends it", async () => {
  const again = await doctor.send("POST", "/emergencies", declare())
  expect([again.status, again.body.code]).toEqual([403, "emergency_refused"])
  expect(again.body.message).toBe("the last emergency of this actor for this subject waits for its review")
  const { emergencies } = await owner.must("GET", "/emergencies")
  expect(emergencies).toMatchObject([
    { id, patient: nextDoor.patient.id, explanation: "brought in after a fall", declared_by: clinic.people.doctor.id },
  ])
  const review = { verdict: "justified", note: "seen with the ward" }
  expect((await doctor.send("POST", `/emergencies/${id}/review`, review)).status).toBe(403)
  await owner.must("POST", `/emergencies/${id}/review`, review)
  const late = await doctor.send("GET", `/emergencies/${id}/patients/${nextDoor.patient.id}`)
  expect([late.status, late.body.code]).toEqual([403, "emergency_over"])
  expect((await doctor.send("GET", "/patients")).status).toBe(200)
  expect((await doctor.send("POST", "/emergencies", declare())).status).toBe(201)
})
