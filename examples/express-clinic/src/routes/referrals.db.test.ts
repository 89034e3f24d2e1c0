import { useDatabase } from "@wardkeep/harness/use-database"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Browser } from "../demo/browser.js"
import { type Target, targetIn } from "../demo/target.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"

const database = useDatabase({ template: clinicTemplate })
let clinic: TestClinic
let doctor: Browser
let sender: Browser
let nextDoor: Target
let id = ""

beforeAll(async () => {
  clinic = await openClinic(database)
  doctor = await clinic.signIn(clinic.people.doctor)
  sender = await clinic.signIn(clinic.people.doctorNextDoor)
  nextDoor = targetIn(clinic.world, clinic.people.doctorNextDoor.branches[0]!)
})
afterAll(() => clinic.close())

const asked = (over: object = {}) => ({
  to: clinic.people.doctor.branches[0]?.id,
  records: ["patient", "clinical_note"],
  until: new Date(Date.now() + 86_400_000).toISOString(),
  basis: "second_opinion",
  ...over,
})
const refer = (by: Browser, over: object = {}, subject = nextDoor.patient.id) =>
  by.send("POST", `/patients/${subject}/referrals`, asked(over))
const look = (by: Browser, subject = nextDoor.patient.id) => by.send("GET", `/referrals/${id}/patients/${subject}`)

test("a referred patient is seen in the other branch, beside one's own, and nobody else is", async () => {
  const { patient } = nextDoor
  expect((await doctor.send("GET", `/patients/${patient.id}`)).status).toBe(404)
  const made = await refer(sender)
  expect(made.status).toBe(201)
  id = String(made.body.id)
  expect((await look(doctor)).status).toBe(404)
  await doctor.must("POST", `/referrals/${id}/open`)
  const seen = await doctor.must("GET", `/referrals/${id}/patients/${patient.id}`)
  expect(seen).toMatchObject({ patient: { id: patient.id, full_name: patient.full_name } })
  expect(seen.notes).not.toHaveLength(0)
  const neighbour = clinic.world.patients.find((one) => one.branch_id === patient.branch_id && one.id !== patient.id)
  const own = clinic.world.patients.find((one) => one.branch_id === clinic.people.doctor.branches[0]?.id)
  for (const other of [neighbour, own]) expect((await look(doctor, other?.id)).body.code).toBe("not_found")
  expect((await doctor.send("GET", `/patients/${patient.id}`)).status).toBe(404)
  for (const browser of [doctor, sender])
    expect((await browser.must("GET", "/referrals")).referrals).toMatchObject([
      { id, patient: patient.id, opened: true, ended: null, referred_by: clinic.people.doctorNextDoor.id },
    ])
})

test("what was not referred is not shown", async () => {
  const made = await refer(sender, { records: ["patient"] })
  const other = String(made.body.id)
  await doctor.must("POST", `/referrals/${other}/open`)
  const { notes, patient } = await doctor.must("GET", `/referrals/${other}/patients/${nextDoor.patient.id}`)
  expect([notes, patient]).toMatchObject([[], { id: nextDoor.patient.id }])
})

test("it is refused to other roles and clinics, for longer, and to whoever it was not made for", async () => {
  const nurse = await clinic.signIn(clinic.people.nurse)
  const stranger = await clinic.signIn(clinic.people.doctorElsewhere)
  const far = clinic.people.doctorElsewhere.branches[0]?.id
  const inAYear = new Date(Date.now() + 365 * 86_400_000).toISOString()
  const own = targetIn(clinic.world, clinic.people.nurse.branches[0]!).patient.id
  const refusals = [
    await refer(nurse, { to: nextDoor.branch.id }, own),
    await refer(sender, { to: far }),
    await refer(sender, { to: nextDoor.branch.id }),
    await refer(sender, { until: inAYear }),
    await refer(sender, { basis: "curious" }),
    await sender.send("POST", `/referrals/${id}/open`),
    await stranger.send("POST", `/referrals/${id}/open`),
    await nurse.send("POST", `/referrals/${id}/open`),
    await doctor.send("POST", `/referrals/${id}/withdraw`, { reason: "not mine" }),
    await nurse.send("GET", "/referrals"),
  ]
  for (const { status, body } of refusals) expect([status, body.code]).toEqual([403, "referral_refused"])
  expect((await refer(doctor)).status).toBe(404)
  expect((await look(await clinic.signIn(clinic.people.doctor))).status).toBe(404)
})

test("withdrawn, it stops working on the next request of the browser that has it open", async () => {
  expect((await look(doctor)).status).toBe(200)
  await sender.must("POST", `/referrals/${id}/withdraw`, { reason: "came back" })
  const late = await look(doctor)
  expect([late.status, late.body.code]).toEqual([403, "referral_over"])
  expect((await doctor.send("POST", `/referrals/${id}/open`)).status).toBe(403)
  expect((await doctor.send("GET", "/patients")).status).toBe(200)
  const { referrals } = await doctor.must("GET", "/referrals")
  expect(referrals).toContainEqual(expect.objectContaining({ id, ended: "came back" }))
})

test("a move is refused to others, to a branch that is not theirs, and whole where the other branch has an invoice of that number", async () => {
  const { patient, branch } = nextDoor
  const to = clinic.people.doctor.branches[0]?.id
  const move = (by: Browser, over: object = {}) =>
    by.send("POST", `/patients/${patient.id}/move`, { from: branch.id, to, reason: "lives here now", ...over })
  const owner = await clinic.signIn(clinic.people.owner)
  const refusals = [
    await move(sender),
    await move(doctor),
    await move(await clinic.signIn(clinic.people.doctorElsewhere)),
    await move(owner, { to: clinic.people.doctor.clinic.branches[2]?.id }),
    await move(owner, { from: to, to: branch.id }),
  ]
  for (const { status, body } of refusals) expect([status, body.code]).toEqual([403, "move_refused"])
  expect((await doctor.send("GET", `/patients/${patient.id}`)).status).toBe(404)
  // Each branch numbers its own invoices.
  expect((await move(owner)).body.message).toContain("same key already: invoice_clinic_id_branch_id_number_key")
  expect((await doctor.send("GET", `/patients/${patient.id}`)).status).toBe(404)
})

const newPatient = { full_name: "Meena Sundaram", phone: "+914423456789", sex: "female" }

test("a move takes a patient without invoices along, with the notes, and the branch of before sees neither", async () => {
  const { doctor: here, doctorNextDoor: there, owner } = clinic.people
  const reception = await clinic.signIn(clinic.people.reception)
  const made = await reception.must("POST", "/patients", newPatient)
  const patient = String(made.id)
  const note = await doctor.must("POST", `/patients/${patient}/notes`, { diagnosis: "cough", body: "better soon" })
  const branches = { from: here.branches[0]?.id, to: there.branches[0]?.id }
  const moved = await (await clinic.signIn(owner)).send("POST", `/patients/${patient}/move`, {
    ...branches,
    reason: "x",
  })
  expect(moved.status).toBe(200)
  for (const path of [`/patients/${patient}`, `/notes/${String(note.id)}`])
    expect((await doctor.send("GET", path)).status).toBe(404)
  expect(await sender.must("GET", `/patients/${patient}`)).toMatchObject({ full_name: newPatient.full_name })
  const { notes } = await sender.must("GET", `/patients/${patient}/notes`)
  expect(notes).toMatchObject([{ id: note.id, diagnosis: "cough" }])
})
