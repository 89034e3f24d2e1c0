import { useDatabase } from "@wardkeep/harness/use-database"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Browser } from "../demo/browser.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"

const database = useDatabase({ template: clinicTemplate })
let clinic: TestClinic
let nurse: Browser
let officer: Browser
let neighbour = ""
let tomorrow = ""

beforeAll(async () => {
  clinic = await openClinic(database)
  const reception = await clinic.signIn(clinic.people.reception)
  nurse = await clinic.signIn(clinic.people.nurse)
  officer = await clinic.signIn(clinic.people.privacy)
  const register = async (phone: string) =>
    String((await reception.must("POST", "/patients", { full_name: "Ira Gokhale", phone, sex: "female" })).id)
  neighbour = await register("+919812345671")
  tomorrow = await register("+919812345672")
  const starts_at = new Date(Date.now() + 86_400_000).toISOString()
  await reception.must("POST", "/appointments", { patient_id: tomorrow, starts_at, reason: "fever" })
  for (const id of [neighbour, tomorrow]) await nurse.must("GET", `/patients/${id}`)
  await officer.must("GET", `/patients/${neighbour}`)
})
afterAll(() => clinic.close())

const queued = async (): Promise<Record<string, unknown>[]> => {
  const { accesses } = await officer.must("GET", "/accesses?reason=weekly")
  return (accesses as Record<string, unknown>[]).filter(({ patient }) => patient === neighbour || patient === tomorrow)
}

test("the queue holds who looked at somebody without an appointment, and nobody who registered or expected them", async () => {
  expect((await queued()).map(({ patient, role, status }) => ({ patient, role, status }))).toEqual([
    { patient: neighbour, role: "nurse", status: "open" },
    { patient: neighbour, role: "privacy", status: "open" },
  ])
})

test("others may not ask, nobody reviews themselves, and a decision is made once", async () => {
  const [theirs, own] = await queued()
  const review = { patient: neighbour, outcome: "not_legitimate", reason: "a neighbour" }
  const answers = [
    await nurse.send("GET", "/accesses?reason=curious"),
    await nurse.send("POST", "/accesses/review", { ...review, event: theirs?.event }),
    await officer.send("GET", "/accesses"),
    await officer.send("POST", "/accesses/review", { ...review, event: own?.event }),
    await officer.send("POST", "/accesses/review", { ...review, event: theirs?.event, patient: tomorrow }),
    await officer.send("POST", "/accesses/review", { ...review, event: theirs?.event }),
    await officer.send("POST", "/accesses/review", { ...review, event: theirs?.event, outcome: "legitimate" }),
  ]
  expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
    [403, "forbidden"],
    [403, "forbidden"],
    [400, "invalid_input"],
    [403, "review_refused"],
    [404, "not_found"],
    [201, undefined],
    [409, "already_exists"],
  ])
})
