import { useDatabase } from "@wardkeep/harness/use-database"
import type { Request, Response } from "express"
import { afterAll, beforeAll, expect, test } from "vitest"
import { openStage } from "wardkeep/testing"
import type { Part } from "../data/people.js"
import type { Browser, Reply } from "../demo/browser.js"
import { bodies } from "../demo/crossings/http-bodies.js"
import { makeOracle } from "../demo/oracle.js"
import { type Target, targetIn } from "../demo/target.js"
import type { Route } from "../http/route.js"
import policy from "../policy.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"
import { appointmentRoutes } from "./appointments.js"
import { patientRoutes } from "./patients.js"

const database = useDatabase({ template: clinicTemplate })
const parts = ["reception", "nurse", "doctor", "billing", "owner"] as const
const browsers = new Map<Part, Browser>()
let clinic: TestClinic
let foreign: readonly Target[]

beforeAll(async () => {
  clinic = await openClinic(database)
  for (const part of parts) browsers.set(part, await clinic.signIn(clinic.people[part]))
  const { people, world } = clinic
  // The owner has the branch next door as well: for her, a third branch of the clinic.
  foreign = [people.doctor.clinic.branches[2]!, people.doctorElsewhere.branches[0]!].map((branch) =>
    targetIn(world, branch),
  )
})
afterAll(() => clinic.close())

const idOf = (path: string, { patient, rows }: Target): string =>
  ({
    patients: patient.id,
    notes: rows.clinical_note,
    attachments: rows.attachment,
    prescriptions: rows.prescription,
    appointments: rows.appointment,
    invoices: rows.invoice,
    sessions: patient.id,
    team: patient.id,
    emergencies: patient.id,
    referrals: patient.id,
  })[path.split("/")[1] ?? ""] ?? ""

/** Every route with an id that the API's own document lists. */
async function routesWithIds(): Promise<[method: string, path: string][]> {
  const document = (await (await fetch(`${clinic.origin}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>
  }
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods)
      .map((method): [string, string] => [method.toUpperCase(), path.replace("{id}", ":id")])
      .filter(([method, route]) => route.includes(":id") || `${method} ${route}` in bodies),
  )
}

const filled = (path: string, id: string, patient: string): string =>
  path.replace(":id", id).replace("{patient}", patient)

async function ask(browser: Browser, method: string, path: string, target: Target): Promise<Reply> {
  const of = (kind: string): string => (kind === "branch" ? target.branch.id : idOf(`/${kind}`, target))
  const body = bodies[`${method} ${path}`]?.({ all: [], of, fill: (text) => text })
  return browser.send(method, filled(path, idOf(path, target), target.patient.id), body)
}

test("no role reaches a row of another branch by its id, on any route", async () => {
  const oracle = makeOracle(clinic.world)
  const wrong: string[] = []
  for (const [method, path] of await routesWithIds()) {
    for (const part of parts) {
      for (const target of foreign) {
        const reply = await ask(browsers.get(part)!, method, path, target)
        const where = `${method} ${path} as ${part}: ${reply.status}`
        const [rows] = Object.values(reply.body)
        const empty = method === "GET" && reply.status === 200 && Array.isArray(rows) && rows.length === 0
        if (reply.status < 400 && !empty) wrong.push(`${where} let through`)
        const found = oracle.find(reply.text, clinic.people[part].branches, target.given)
        if (found !== undefined) wrong.push(`${where} showed ${found}`)
      }
    }
  }
  expect(wrong).toEqual([])
})

test("a foreign id and an invented id get the same answer", async () => {
  const invented = "00000000-0000-4000-8000-000000000000"
  const doctor = browsers.get("doctor")!
  for (const [method, path] of await routesWithIds()) {
    if (!path.includes(":id")) continue
    const body = bodies[`${method} ${path}`]?.({ all: [], of: () => invented, fill: (text) => text })
    const nobody = await doctor.send(method, filled(path, invented, invented), body)
    for (const target of foreign) {
      const somebody = await ask(doctor, method, path, target)
      const { requestId: _a, ...first } = nobody.body
      const { requestId: _b, ...second } = somebody.body
      expect([method, path, somebody.status, second]).toEqual([method, path, nobody.status, first])
    }
  }
})

test("errors hold no row values, no SQL and no names of the database", async () => {
  const doctor = browsers.get("doctor")!
  const reception = browsers.get("reception")!
  const own = targetIn(clinic.world, clinic.people.doctor.branches[0]!)
  const duplicate = { full_name: "X", phone: own.patient.phone, sex: "other", abha: own.patient.abha }
  const replies = [
    await reception.send("POST", "/patients", duplicate),
    await reception.send("POST", "/patients", { ...duplicate, phone: "12" }),
    await doctor.send("POST", `/patients/${own.patient.id}/prescriptions`, { drug_id: 9999, dose: "1-0-1", days: 3 }),
    await doctor.send("GET", "/patients/not-an-id"),
    await doctor.send("GET", "/nowhere"),
    await browsers.get("billing")!.send("PATCH", `/prescriptions/${own.rows.prescription}`, { days: 3 }),
  ]
  expect(replies.map(({ status }) => status)).toEqual([409, 400, 422, 400, 404, 403])
  for (const { text, body } of replies) {
    expect(
      Object.keys(body)
        .sort()
        .filter((key) => key !== "fields" && key !== "reason"),
    ).toEqual(["code", "message", "requestId"])
    expect(text).not.toContain(own.patient.abha)
    expect(text).not.toMatch(/select|insert|constraint|relation|patient_clinic/i)
  }
})

test("a malformed body is refused before anything runs", async () => {
  const response = await fetch(`${clinic.origin}/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{",
  })
  expect(response.status).toBe(400)
  expect(await response.json()).toMatchObject({ code: "invalid_request" })
})

test("lists and searches cross no branch, whoever asks, also with the keys and words of others", async () => {
  const { wk, issuer, migratorUrl } = clinic
  const opened_on = "2024-01-01"
  const stage = await openStage({
    wk,
    issuer,
    policy,
    migrator: migratorUrl,
    batch: 2,
    clinic: (n) => ({ slug: `test-of-crossing-${n}`, name: "Test", city: "Pune" }),
    branches: { A: { name: "A", opened_on }, B: { name: "B", opened_on } },
  })
  const list = (routes: readonly Route[]) => async (query: Readonly<Record<string, string>>) => {
    const found = routes.find(({ method, path }) => method === "get" && !path.includes(":"))!
    return await found.handle({ params: {}, query } as unknown as Request, {} as Response, undefined)
  }
  const [patients, appointments] = [list(patientRoutes(wk)), list(appointmentRoutes(wk))]
  try {
    for (const role of ["reception", "nurse", "doctor"] as const)
      await stage.expectNoCrossing({
        role,
        seed: (mark) => ({ patient: { full_name: `Asha ${mark}`, phone: "+919812300009", sex: "female" } }),
        run: async ({ own, sibling, stranger }) => {
          const words = [own, sibling, stranger].map(({ patient }) => String(patient![0]!.full_name).split(" ")[1]!)
          const searched = await Promise.all(words.map((search) => patients({ search })))
          return [await patients({}), await patients({ search: "Asha" }), ...searched]
        },
      })
    const starts_at = "2024-05-06T09:00:00Z"
    const [clinicOfTest, reason] = [await stage.newClinic(), "a fever in branch B"]
    const { patient } = await clinicOfTest.seed("B", {
      patient: { full_name: "Asha Rao", phone: "+919812300010", sex: "female" },
    })
    await clinicOfTest.seed("B", { appointment: { patient_id: patient![0]!.id, starts_at, reason } })
    const day = () => appointments({ day: "2024-05-06" })
    expect(JSON.stringify(await clinicOfTest.asRole("reception", { branch: "B" }, day))).toContain(reason)
    expect(JSON.stringify(await clinicOfTest.asRole("reception", { branch: "A" }, day))).not.toContain(reason)
  } finally {
    await stage.close()
  }
})
