import { useDatabase } from "@wardkeep/harness/use-database"
import pg from "pg"
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest"
import { Browser } from "../demo/browser.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"
import { currentCode } from "./second-factor.js"
import { idleLimit } from "./store.js"

const database = useDatabase({ template: clinicTemplate })
let clinic: TestClinic

beforeAll(async () => {
  clinic = await openClinic(database)
})
afterAll(() => clinic.close())
beforeEach(() => clinic.advance(16 * 60_000))

const stranger = () => new Browser(clinic.origin, "a stranger")
const ticketFor = async (browser: Browser, email: string, password: string): Promise<string> =>
  String((await browser.must("POST", "/login", { email, password })).ticket)

test("a password and a code open a session with the role's grant", async () => {
  const { doctor } = clinic.people
  const browser = await clinic.signIn(doctor)
  expect(await browser.must("GET", "/me")).toMatchObject({
    email: doctor.email,
    grants: [{ role: "doctor", purpose: "care", branches: [doctor.branches[0]?.id] }],
    branch: null,
  })
})

test("the cookie is opaque, httpOnly and sameSite", async () => {
  const { nurse } = clinic.people
  const browser = stranger()
  const ticket = await ticketFor(browser, nurse.email, nurse.password)
  const { text } = await browser.send("POST", "/login/code", {
    ticket,
    code: currentCode(nurse.totpSecret, clinic.now()),
  })
  expect(text).toMatch(/set-cookie: clinic_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict/)
})

test("a wrong password and an unknown email give the same answer", async () => {
  const wrong = await stranger().send("POST", "/login", { email: clinic.people.billing.email, password: "wrong" })
  const unknown = await stranger().send("POST", "/login", { email: "nobody@nowhere.example", password: "wrong" })
  const { requestId: _one, ...first } = wrong.body
  const { requestId: _two, ...second } = unknown.body
  expect([wrong.status, first]).toEqual([401, second])
})

test("without the second factor there is no session", async () => {
  const { billing } = clinic.people
  const browser = stranger()
  const ticket = await ticketFor(browser, billing.email, billing.password)
  expect(browser.cookie).toBe("")
  expect((await browser.send("GET", "/patients")).status).toBe(401)
  expect((await browser.send("POST", "/login/code", { ticket, code: "000000" })).status).toBe(401)
  expect(browser.cookie).toBe("")
})

test("a code works once", async () => {
  const { billing } = clinic.people
  const code = currentCode(billing.totpSecret, clinic.now())
  const ticket = await ticketFor(stranger(), billing.email, billing.password)
  expect((await stranger().send("POST", "/login/code", { ticket, code })).status).toBe(200)
  const again = await ticketFor(stranger(), billing.email, billing.password)
  expect((await stranger().send("POST", "/login/code", { ticket: again, code })).status).toBe(401)
})

test("a ticket expires and works once", async () => {
  const { nurse } = clinic.people
  const ticket = await ticketFor(stranger(), nurse.email, nurse.password)
  clinic.advance(6 * 60_000)
  const late = { ticket, code: currentCode(nurse.totpSecret, clinic.now()) }
  expect((await stranger().send("POST", "/login/code", late)).status).toBe(401)
})

test("five failures lock the account, also for the right password, until a quarter of an hour has passed", async () => {
  const { receptionElsewhere: person } = clinic.people
  for (let turn = 0; turn < 5; turn++) {
    expect((await stranger().send("POST", "/login", { email: person.email, password: "wrong" })).status).toBe(401)
  }
  const locked = await stranger().send("POST", "/login", { email: person.email, password: person.password })
  expect([locked.status, locked.body.code]).toEqual([429, "too_many_attempts"])
  expect(locked.text).toMatch(/retry-after: \d+/)
  clinic.advance(16 * 60_000)
  expect((await stranger().send("POST", "/login", { email: person.email, password: person.password })).status).toBe(200)
})

test("guesses sent side by side are counted like guesses one after the other", async () => {
  const { receptionElsewhere: person } = clinic.people
  const guess = () => stranger().send("POST", "/login", { email: person.email, password: "wrong" })
  const answers = await Promise.all(Array.from({ length: 12 }, guess))
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(7)
})

test("one's own password does not buy new guesses at the passwords of others", async () => {
  const { nurse, doctor } = clinic.people
  const statuses: number[] = []
  for (let turn = 0; turn < 6; turn++) {
    const email = `victim-${turn}@nowhere.example`
    statuses.push((await stranger().send("POST", "/login", { email, password: "Welcome1" })).status)
    const mine = turn % 2 === 0 ? nurse : doctor
    await stranger().send("POST", "/login", { email: mine.email, password: mine.password })
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
})

test("an account that is closed between the two steps gets no session", async () => {
  const { billing } = clinic.people
  const ticket = await ticketFor(stranger(), billing.email, billing.password)
  const close = async (at: string) => {
    const admin = new pg.Client({ connectionString: database.adminUrl })
    await admin.connect()
    await admin.query(`update account set closed_at = ${at} where id = $1`, [billing.id])
    await admin.end()
  }
  await close("now()")
  try {
    const code = currentCode(billing.totpSecret, clinic.now())
    expect((await stranger().send("POST", "/login/code", { ticket, code })).status).toBe(401)
  } finally {
    await close("null")
  }
})

test("a session that idles for a quarter of an hour is over, one in use is not", async () => {
  const browser = await clinic.signIn(clinic.people.doctor)
  for (let turn = 0; turn < 3; turn++) {
    clinic.advance(idleLimit - 1000)
    expect((await browser.send("GET", "/me")).status).toBe(200)
  }
  clinic.advance(idleLimit + 1000)
  const late = await browser.send("GET", "/me")
  expect([late.status, late.body.code]).toEqual([401, "signed_out"])
  expect(await clinic.issuer.listSessions(`account:${clinic.people.doctor.id}`)).toEqual([])
})

test("an idle session that cannot be ended yet fails nobody's request, and ends with a later one", async () => {
  const { doctor, nurse } = clinic.people
  const actor = `account:${doctor.id}`
  await clinic.signIn(doctor)
  clinic.advance(idleLimit / 2)
  const other = await clinic.signIn(nurse)
  clinic.advance(idleLimit / 2 + 1000)
  const admin = new pg.Client({ connectionString: database.adminUrl })
  await admin.connect()
  try {
    await admin.query("alter function wardkeep.end_session(uuid, text) rename to end_session_away")
    expect((await other.send("GET", "/me")).status).toBe(200)
    expect(await clinic.issuer.listSessions(actor)).toHaveLength(1)
  } finally {
    await admin.query("alter function wardkeep.end_session_away(uuid, text) rename to end_session")
    await admin.end()
  }
  expect((await other.send("GET", "/me")).status).toBe(200)
  expect(await clinic.issuer.listSessions(actor)).toEqual([])
})

test("an own password that is right does not buy five more guesses at another", async () => {
  const { owner, doctorElsewhere: victim } = clinic.people
  const guess = (email: string, password: string) => stranger().send("POST", "/login", { email, password })
  for (let turn = 0; turn < 4; turn++) expect((await guess(`${turn}${victim.email}`, "wrong")).status).toBe(401)
  expect((await guess(owner.email, owner.password)).status).toBe(200)
  expect((await guess(`5${victim.email}`, "wrong")).status).toBe(401)
  expect((await guess(`6${victim.email}`, "wrong")).status).toBe(429)
})

test("open sessions are listed, and one can be revoked from the other", async () => {
  const { nurse } = clinic.people
  const phone = await clinic.signIn(nurse)
  const desk = await clinic.signIn(nurse)
  const { sessions } = await desk.must("GET", "/sessions")
  const list = sessions as { id: string; current: boolean; label: string }[]
  const other = list.filter(({ current }) => !current).at(-1)
  expect(list.filter(({ current }) => current)).toHaveLength(1)
  await desk.must("DELETE", `/sessions/${other?.id}`)
  expect((await phone.send("GET", "/patients")).status).toBe(401)
  expect((await desk.send("GET", "/patients")).status).toBe(200)
})

test("a session revoked behind the application's back is refused by the database at the next statement", async () => {
  const { nurse } = clinic.people
  const browser = await clinic.signIn(nurse)
  await clinic.issuer.endActor(`account:${nurse.id}`, "test")
  const refused = await browser.send("GET", "/patients")
  expect([refused.status, refused.body.code, refused.body.reason]).toEqual([401, "session_ended", "withdrawn"])
})

test("nobody can end somebody else's session", async () => {
  const mine = await clinic.signIn(clinic.people.doctor)
  const theirs = await clinic.signIn(clinic.people.doctorElsewhere)
  const { sessions } = await theirs.must("GET", "/sessions")
  const [first] = sessions as { id: string }[]
  expect((await mine.send("DELETE", `/sessions/${first?.id}`)).status).toBe(404)
  expect((await theirs.send("GET", "/me")).status).toBe(200)
})

test("logout ends the session", async () => {
  const browser = await clinic.signIn(clinic.people.owner)
  const { cookie } = browser
  await browser.must("POST", "/logout")
  const response = await fetch(`${clinic.origin}/me`, { headers: { cookie } })
  expect(response.status).toBe(401)
})

test("neither password, code, ticket nor token is in the log", () => {
  const text = clinic.logged.join("")
  const secrets = Object.values(clinic.people).flatMap(({ password, totpSecret }) => [password, totpSecret])
  expect(text.length).toBeGreaterThan(1000)
  expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
  expect(text).not.toMatch(/dem1[a-z0-9]{43}/)
})
