import { useDatabase } from "@wardkeep/harness/use-database"
import { afterAll, beforeAll, expect, test } from "vitest"
import { connected } from "../database/connected.js"
import { Browser } from "../demo/browser.js"
import { actorOf } from "../login/actor.js"
import { currentCode } from "../login/second-factor.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"

const database = useDatabase({ template: clinicTemplate })
let clinic: TestClinic
let owner: Browser

beforeAll(async () => {
  clinic = await openClinic(database)
  owner = await clinic.signIn(clinic.people.owner)
})
afterAll(() => clinic.close())

const hire = (over: object = {}) => {
  const { standIn } = clinic.people
  return {
    account: standIn.id,
    role: "locum",
    branch: standIn.branches[0]?.id,
    reason: "leave of a doctor",
    until: new Date(Date.now() + 3_600_000).toISOString(),
    ...over,
  }
}
const ended = (reason: string) => ({ code: "session_ended", reason })

test("both factors of an account without an assignment open nothing, and the answer has a code", async () => {
  const { standIn } = clinic.people
  clinic.advance(30_000)
  const browser = new Browser(clinic.origin, "nobody yet")
  const { ticket } = await browser.must("POST", "/login", { email: standIn.email, password: standIn.password })
  const code = currentCode(standIn.totpSecret, clinic.now())
  const { status, body } = await browser.send("POST", "/login/code", { ticket, code })
  expect([status, body.code, browser.cookie]).toEqual([403, "no_valid_assignment", ""])
})

test("the owner hires with a reason and an end; who may not, and what may not be, is refused with the reason", async () => {
  const reception = await clinic.signIn(clinic.people.reception)
  const refusals = [
    [reception, hire(), "this role may not assign that here"],
    [owner, hire({ until: undefined }), "this role must be assigned with an end"],
    [owner, hire({ branch: clinic.people.doctorElsewhere.branches[0]?.id }), "There is no such role or branch here."],
    [owner, hire({ account: clinic.people.owner.id, role: "doctor" }), "nobody assigns a role to themselves"],
  ] as const
  for (const [browser, body, message] of refusals) {
    const reply = await browser.send("POST", "/team", body)
    expect([reply.status, reply.body]).toEqual([
      403,
      { code: "assignment_refused", message, requestId: expect.any(String) },
    ])
  }
  await owner.must("POST", "/team", hire())
  const { assignments } = await owner.must("GET", "/team")
  expect(assignments).toContainEqual(
    expect.objectContaining({
      account: clinic.people.standIn.id,
      reason: "leave of a doctor",
      granted_by: clinic.people.owner.id,
      withdrawn: null,
    }),
  )
})

test("a locum's role that is withdrawn ends the open browser at its next request", async () => {
  const locum = await clinic.signIn(clinic.people.standIn)
  await locum.must("GET", "/patients")
  const withdrawn = await owner.must("POST", `/team/${clinic.people.standIn.id}/withdraw`, { reason: "back" })
  expect(withdrawn).toEqual({ withdrawn: 1 })
  for (const path of ["/patients", "/me"]) {
    const next = await locum.send("GET", path)
    expect([path, next.status, next.body]).toMatchObject([path, 401, ended("withdrawn")])
  }
  const again = await owner.send("POST", `/team/${clinic.people.standIn.id}/withdraw`, { reason: "back" })
  expect([again.status, again.body.code]).toEqual([404, "not_found"])
})

test("a locum's last moment passes: the next request says that the time is over", async () => {
  const locum = await clinic.signIn(clinic.people.locum)
  await locum.must("GET", "/patients")
  // The database's clock cannot be moved, so the end is: what the day of hiring would have brought.
  const text =
    "update wardkeep.token set valid_from = now() - interval '2 h', valid_until = now() - interval '1 s' where actor = $1"
  await connected(database.adminUrl, (admin) => admin.query(text, [actorOf(clinic.people.locum.id)]))
  const next = await locum.send("GET", "/patients")
  expect([next.status, next.body]).toMatchObject([401, ended("expired")])
})

test("an employee who is removed with one statement is refused at the next query of the open session", async () => {
  const nurse = await clinic.signIn(clinic.people.nurseLeaving)
  await nurse.must("GET", "/patients")
  const actor = actorOf(clinic.people.nurseLeaving.id)
  expect(await clinic.issuer.offboard({ actor, by: "personnel", reason: "resigned" })).toBe(1)
  const next = await nurse.send("GET", "/patients")
  expect([next.status, next.body]).toMatchObject([401, ended("withdrawn")])
  await expect(clinic.signIn(clinic.people.nurseLeaving)).rejects.toThrow("403 no_valid_assignment")
})
