import { useDatabase } from "@wardkeep/harness/use-database"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Part } from "../data/people.js"
import type { Browser } from "../demo/browser.js"
import { type Target, targetIn } from "../demo/target.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"

const database = useDatabase({ template: clinicTemplate })
const parts = ["reception", "nurse", "doctor", "locum", "billing", "owner"] as const
const browsers = new Map<Part, Browser>()
let clinic: TestClinic
let own: Target

beforeAll(async () => {
  clinic = await openClinic(database)
  for (const part of parts) browsers.set(part, await clinic.signIn(clinic.people[part]))
  own = targetIn(clinic.world, clinic.people.doctor.branches[0]!)
})
afterAll(() => clinic.close())

const as = (part: Part): Browser => browsers.get(part)!

/** Which roles each route lets in, in their own branch; everybody else gets 403. */
const matrix: readonly [string, (target: Target) => string, (() => unknown) | undefined, readonly Part[]][] = [
  ["GET", () => "/patients", undefined, ["reception", "nurse", "doctor", "locum", "billing", "owner"]],
  ["POST", () => "/patients", () => ({ full_name: "Asha Rao", phone: "+919812300001", sex: "female" }), ["reception"]],
  ["PATCH", ({ patient }) => `/patients/${patient.id}`, () => ({ address: "1 Lake Road" }), ["reception"]],
  ["PATCH", ({ patient }) => `/patients/${patient.id}`, () => ({ allergies: "dust" }), ["nurse", "doctor", "locum"]],
  ["PATCH", ({ patient }) => `/patients/${patient.id}`, () => ({ hiv_status: "unknown" }), ["doctor", "locum"]],
  ["GET", ({ patient }) => `/patients/${patient.id}/notes`, undefined, ["doctor", "locum"]],
  [
    "POST",
    ({ patient }) => `/patients/${patient.id}/notes`,
    () => ({ diagnosis: "x", body: "x" }),
    ["doctor", "locum"],
  ],
  ["GET", ({ rows }) => `/notes/${rows.clinical_note}/attachments`, undefined, ["doctor", "locum"]],
  ["GET", ({ patient }) => `/patients/${patient.id}/prescriptions`, undefined, ["nurse", "doctor", "locum", "billing"]],
  [
    "POST",
    ({ patient }) => `/patients/${patient.id}/prescriptions`,
    () => ({ drug_id: 1, dose: "1-0-1", days: 3 }),
    ["doctor", "locum"],
  ],
  ["PATCH", ({ rows }) => `/prescriptions/${rows.prescription}`, () => ({ days: 4 }), ["doctor", "locum"]],
  ["GET", ({ patient }) => `/patients/${patient.id}/lab-results`, undefined, ["nurse", "doctor", "locum"]],
  [
    "POST",
    ({ patient }) => `/patients/${patient.id}/lab-results`,
    () => ({ test: "TSH", value: 2.5, unit: "mIU/L" }),
    ["nurse", "doctor", "locum"],
  ],
  ["GET", ({ patient }) => `/patients/${patient.id}/invoices`, undefined, ["billing", "owner"]],
  ["PATCH", ({ rows }) => `/invoices/${rows.invoice}`, () => ({ status: "paid" }), ["billing"]],
  [
    "GET",
    () => "/appointments?day=2024-05-06",
    undefined,
    ["reception", "nurse", "doctor", "locum", "billing", "owner"],
  ],
  [
    "PATCH",
    ({ rows }) => `/appointments/${rows.appointment}`,
    () => ({ status: "done" }),
    ["reception", "nurse", "doctor", "locum"],
  ],
  ["GET", () => "/reports/branches", undefined, ["billing", "owner"]],
]

describe.each(matrix.map(([method, path, body, allowed]) => ({ method, path, body, allowed })))(
  "$method with $allowed",
  ({ method, path, body, allowed }) => {
    test.each(parts)("as %s", async (part) => {
      const { status, body: reply } = await as(part).send(method, path(own), body?.())
      const expected = allowed.includes(part) ? [200, 201] : [403]
      expect(expected, `${method} ${path(own)} gave ${status} ${String(reply.code)}`).toContain(status)
    })
  },
)

test("hidden columns come back as null, and select lists stay the same", async () => {
  const url = `/patients/${own.patient.id}`
  await as("doctor").must("PATCH", url, { hiv_status: "negative" })
  expect(await as("doctor").must("GET", url)).toMatchObject({
    hiv_status: "negative",
    full_name: own.patient.full_name,
  })
  expect(await as("reception").must("GET", url)).toMatchObject({ hiv_status: null, phone: own.patient.phone })
  expect(await as("owner").must("GET", url)).toMatchObject({ full_name: null, phone: null, hiv_status: null })
})

test("search finds by words, by the beginning of words and by the last digits, in the own branch only", async () => {
  const [given = "", family = ""] = own.patient.full_name.toLowerCase().split(" ")
  const found = async (search: string) => {
    const { patients } = await as("reception").must("GET", `/patients?search=${encodeURIComponent(search)}`)
    return (patients as { id: string }[]).map(({ id }) => id)
  }
  expect(await found(`${given} ${family}`)).toContain(own.patient.id)
  expect(await found(given.slice(0, 3))).toContain(own.patient.id)
  expect(await found(own.patient.phone.slice(-6))).toContain(own.patient.id)
  const branches = new Map(clinic.world.patients.map(({ id, branch_id }) => [id, branch_id]))
  const seen = new Set((await found("an")).map((id) => branches.get(id)))
  expect([...seen].filter((branch) => branch !== undefined && branch !== own.branch.id)).toEqual([])
})

test("an owner of two branches sees both, narrows to one and back, and must choose before writing", async () => {
  const owner = as("owner")
  const names = async () =>
    ((await owner.must("GET", "/reports/branches")).branches as { branch: string }[]).map(({ branch }) => branch)
  expect(await names()).toEqual(["Hadapsar", "Kothrud"])
  await owner.must("POST", "/branch", { branch: own.branch.id })
  expect(await names()).toEqual([own.branch.name])
  await owner.must("POST", "/branch", { branch: null })
  const two = await clinic.signIn(clinic.people.doctorOfTwo)
  const note = { diagnosis: "x", body: "x" }
  expect((await two.send("POST", `/patients/${own.patient.id}/notes`, note)).body.code).toBe("choose_branch")
  await two.must("POST", "/branch", { branch: own.branch.id })
  expect((await two.send("POST", `/patients/${own.patient.id}/notes`, note)).status).toBe(201)
})

test("a draft is its author's alone, and a signed note is nobody's", async () => {
  const note = await as("doctor").must("POST", `/patients/${own.patient.id}/notes`, { diagnosis: "x", body: "x" })
  const url = `/notes/${String(note.id)}`
  expect((await as("locum").send("PATCH", url, { body: "y" })).status).toBe(404)
  expect((await as("nurse").send("PATCH", url, { body: "y" })).status).toBe(403)
  expect(await as("doctor").must("PATCH", url, { body: "y" })).toMatchObject({ body: "y", status: "draft" })
  expect(await as("doctor").must("PATCH", url, { sign: true })).toMatchObject({ status: "signed" })
  expect((await as("doctor").send("PATCH", url, { body: "z" })).status).toBe(404)
})

test("the database asks, not the route: SQL of the application's login changes no other note", async () => {
  const change = (part: Part, text: string) => {
    return clinic.issuer
      .issueSession({ actor: `account:${clinic.people[part].id}`, mfaAt: new Date(), ttl: 600 })
      .then((session) => clinic.wk.run(session, () => clinic.wk.query(text)))
  }
  const note = await as("doctor").must("POST", `/patients/${own.patient.id}/notes`, { diagnosis: "x", body: "x" })
  const mine = `where id = '${String(note.id)}'`
  expect((await change("locum", `update clinical_note set body = 'z' ${mine}`)).rowCount).toBe(0)
  expect((await change("doctor", `update clinical_note set body = 'z' ${mine}`)).rowCount).toBe(1)
  await expect(
    change(
      "doctor",
      `insert into clinical_note (patient_id, author, diagnosis, body) values ('${own.patient.id}', 'account:somebody', 'x', 'x')`,
    ),
  ).rejects.toMatchObject({ code: "42501" })
})

test("an attachment is deleted with a fresh second factor only, and the answer says how fresh", async () => {
  const note = await as("doctor").must("POST", `/patients/${own.patient.id}/notes`, { diagnosis: "x", body: "x" })
  const file = { file_name: "x.pdf", media_type: "application/pdf", bytes: 1 }
  const attached = await as("doctor").must("POST", `/notes/${String(note.id)}/attachments`, file)
  // The clock of these tests is hours behind that of the database.
  const { status, body } = await as("doctor").send("DELETE", `/attachments/${String(attached.id)}`)
  expect([status, body]).toMatchObject([401, { code: "second_factor", factor: "totp", maxAgeSeconds: 900 }])
  expect((await as("nurse").send("DELETE", `/attachments/${String(attached.id)}`)).status).toBe(403)
})
