import { afterAll, beforeAll, expect, test } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Patient } from "../../express-clinic/src/data/patients.ts"
import type { Part } from "../../express-clinic/src/data/people.ts"
import { connected } from "../../express-clinic/src/database/connected.ts"
import type { Browser } from "../../express-clinic/src/testing/chromium.ts"
import { startChromium } from "../../express-clinic/src/testing/chromium.ts"
import { clinicTemplate } from "../../express-clinic/src/testing/open-clinic.ts"
import { secrets, world } from "../../express-clinic/src/testing/secrets.ts"
import { openConsole, type RunningConsole } from "./console.ts"
import { enter, type Seat, seat, unlock } from "./seat.ts"

const database = useDatabase({ template: clinicTemplate })
const { people } = secrets
let console_: RunningConsole
let chromium: Browser

/** Around the fence, to see what really happened. */
const asked = (sql: string, values: unknown[] = []) =>
  connected(database.adminUrl, async (client) => await client.query(sql, values))
let reception: Seat

const patientsOf = (part: Part): Patient[] =>
  world.patients.filter(({ branch_id }) => branch_id === people[part].branches[0]?.id)
const first = (part: Part): Patient => {
  const [patient] = patientsOf(part)
  if (patient === undefined) throw new Error(`${part} has no patients`)
  return patient
}
const [own, nextDoor, elsewhere] = [first("reception"), first("doctorNextDoor"), first("doctorElsewhere")]
const foreign = [nextDoor, elsewhere]

/** Whatever of a person of another branch stands in a text. */
const leaks = (text: string): string[] =>
  foreign.flatMap(({ full_name, phone, abha, address }) =>
    [full_name, phone, abha, address].filter((one): one is string => one !== null && text.includes(one)),
  )

/** Of a page that may still be on its way to another. */
async function contentOf(page: Seat["page"]): Promise<string> {
  for (;;) {
    try {
      return await page.content()
    } catch (error) {
      if (!/is navigating/.test(String(error))) throw error
      await page.waitForLoadState()
    }
  }
}

const digest = async (): Promise<unknown> =>
  (
    await asked(
      `select md5(string_agg(t::text, '' order by t::text)) as d from
        (select p::text as t from patient p where id = any ($1) union all select a::text from appointment a where patient_id = any ($1)
         union all select n::text from clinical_note n where patient_id = any ($1)) s`,
      [foreign.map(({ id }) => id)],
    )
  ).rows[0]

beforeAll(async () => {
  ;[console_, chromium] = await Promise.all([openConsole(database), startChromium()])
  reception = await seat(chromium, console_, "reception")
})
afterAll(async () => {
  await chromium?.close()
  await console_?.close()
})

test("the control: the rows aimed at exist, and the net catches what is one's own", async () => {
  expect(await digest()).toMatchObject({ d: expect.any(String) })
  expect(await reception.go(`/patients/${own.id}`)).toBe(200)
  expect(await reception.main()).toContain(own.phone)
  expect(leaks(`${nextDoor.full_name} ${elsewhere.phone}`)).toHaveLength(2)
})

test("by URL: a patient of another branch or clinic is not there, exactly as one that never was", async () => {
  const answers: string[] = []
  for (const id of [nextDoor.id, elsewhere.id, "00000000-0000-4000-8000-000000000000"]) {
    expect(await reception.go(`/patients/${id}`)).toBe(404)
    const html = await reception.page.content()
    expect(leaks(html)).toEqual([])
    answers.push(await reception.main())
  }
  expect(new Set(answers).size).toBe(1)
  for (const { full_name, phone } of foreign) {
    await reception.go(`/patients?search=${encodeURIComponent(full_name)}`)
    expect(leaks((await reception.page.innerText("#list")) ?? "")).toEqual([])
    await reception.go(`/patients?search=${phone.slice(-6)}`)
    expect(leaks(await reception.page.innerText("#list"))).toEqual([])
  }
})

test("by URL: screens that the role has not are not there", async () => {
  for (const path of [
    "/invoices",
    "/privacy/accesses?reason=x",
    `/privacy/seen/${own.id}?reason=x`,
    "/emergencies",
    "/emergency",
    "/team",
    "/matrix",
    "/report",
  ])
    expect([path, await reception.go(path)]).toEqual([path, 404])
  const exported = await reception.page.request.get(`${console_.origin}/invoices/export`)
  expect(exported.status()).toBe(403)
})

test("by the payload of a server action: foreign ids in hidden fields change nothing", async () => {
  const before = await digest()
  const { page } = reception
  for (const { id } of foreign) {
    await reception.go(`/patients/${own.id}`)
    await page.click("#details summary")
    await page.evaluate(`document.querySelector('#details input[name="id"]').value = ${JSON.stringify(id)}`)
    await page.click("#details form button")
    const refused = page.locator("#details form [role=status].wrong")
    await refused.waitFor()
    expect(await refused.innerText()).toBe("There is no such record in your branches.")
    await page.click("#appointments summary")
    await page.evaluate(
      `document.querySelector('#appointments input[name="patient_id"]').value = ${JSON.stringify(id)}`,
    )
    await page.fill("#book-at", "2026-12-01T10:00")
    await page.fill("#book-reason", "none")
    await page.click("#appointments .more form button")
    const booking = page.locator("#appointments .more form [role=status].wrong")
    await booking.waitFor()
    expect(await booking.innerText()).toBe("There is no such record in your branches.")
  }
  expect(await digest()).toEqual(before)
})

test("by the payload of a server action: another role's action, sent with one's own cookie", async () => {
  const doctor = await seat(chromium, console_, "doctor")
  await doctor.go(`/patients/${own.id}`)
  await doctor.page.click("#notes summary")
  await doctor.page.fill("#diagnosis", "sent by reception")
  await doctor.page.fill("#body", "sent by reception")
  const sent = doctor.page.waitForRequest(
    (request) => request.method() === "POST" && "next-action" in request.headers(),
  )
  await doctor.page.click("#notes .more form button")
  const request = await sent
  await doctor.page.locator("#notes li", { hasText: "sent by reception" }).waitFor()
  const { "next-action": action = "", "content-type": type = "" } = request.headers()
  const data = request.postDataBuffer() ?? Buffer.alloc(0)
  const headers = { "next-action": action, "content-type": type, origin: console_.origin }
  const answer = await reception.page.request.post(`${console_.origin}/patients/${own.id}`, { headers, data })
  expect(await answer.text()).toContain("Your role may not do that.")
  const { rows } = await asked("select count(*)::int as n from clinical_note where diagnosis = 'sent by reception'")
  expect(rows[0]?.n).toBe(1)
  // From another site, and without a cookie, it does not begin.
  const crossSite = await reception.page.request.post(`${console_.origin}/patients/${own.id}`, {
    headers: { ...headers, origin: "https://evil.example" },
    data,
  })
  expect(crossSite.status()).toBeGreaterThanOrEqual(400)
  await doctor.context.close()
})

test("a lab file of another branch is not downloaded, and none is put there; the database and not the screen says so", async () => {
  const nurse = await seat(chromium, console_, "nurse")
  const { origin } = console_
  const file = (part: Part): string => {
    const branch = people[part].branches[0]?.id
    return String(world.care.lab_file.find(({ branch_id }) => branch_id === branch)?.id)
  }
  const get = async (id: string) => {
    const answer = await nurse.page.request.get(`${origin}/lab-files/${id}`)
    return [answer.status(), await answer.text()] as const
  }
  const mine = await nurse.page.request.get(`${origin}/lab-files/${file("nurse")}`)
  expect(mine.status()).toBe(200)
  // Saved and never shown, whatever is in it, and kept by no cache.
  expect(mine.headers()).toMatchObject({
    "content-type": "application/pdf",
    "content-disposition": expect.stringMatching(/^attachment; filename="[0-9a-f-]{36}\.pdf"; /),
    "cache-control": "private, no-store",
    "x-content-type-options": "nosniff",
  })
  const none = await get("00000000-0000-4000-8000-000000000000")
  expect(none[0]).toBe(404)
  for (const part of ["doctorNextDoor", "doctorElsewhere"] as const) expect(await get(file(part))).toEqual(none)
  const before = await asked("select count(*)::int as n from lab_file")
  const pdf = Buffer.from("%PDF-1.4 <script>alert(1)</script>")
  const send = (seat: Seat, patient: string, headers = {}, data = pdf) =>
    seat.page.request.post(`${origin}/patients/${patient}/lab-files`, { data, headers })
  for (const { id } of foreign) expect((await send(nurse, id)).status()).toBe(404)
  expect((await send(reception, own.id)).status()).toBe(403)
  expect((await send(nurse, own.id, { "sec-fetch-site": "cross-site" })).status()).toBe(403)
  expect((await reception.page.request.get(`${origin}/lab-files/${file("nurse")}`)).status()).toBe(403)
  // The form asks before it sends; who sends without it is asked, too.
  const huge = Buffer.concat([pdf, Buffer.alloc(5 * 1024 * 1024)])
  expect((await send(nurse, own.id, {}, huge)).status()).toBe(413)
  expect((await send(nurse, own.id, {}, Buffer.from("<script>alert(1)</script>"))).status()).toBe(415)
  expect(await asked("select count(*)::int as n from lab_file")).toMatchObject({ rows: before.rows })
  // What begins as a PDF is saved as one, whatever it is called.
  const called = async (name: string): Promise<string> => {
    expect((await send(nurse, own.id, { "x-file-name": name })).status()).toBe(201)
    const { rows } = await asked("select file_name from lab_file where patient_id = $1 order by created_at desc", [
      own.id,
    ])
    return rows[0]?.file_name
  }
  expect(await called(encodeURIComponent("../रक्त.html"))).toBe("रक्त.html.pdf")
  expect(await called("Report.PDF")).toBe("Report.pdf")
  expect(await called("%E2%80%AEfdp.html%")).toBe("file.pdf")
  expect(await called("x".repeat(500))).toBe(`${"x".repeat(115)}.pdf`)
  await nurse.context.close()
})

test("a branch that is not one's own cannot be chosen; one's own can, and narrows", async () => {
  const two = await seat(chromium, console_, "doctorOfTwo")
  const [here, there] = people.doctorOfTwo.branches
  const choose = (branch: string) =>
    two.page.request.post(`${console_.origin}/branch`, { form: { branch, back: "/patients" }, maxRedirects: 0 })
  expect((await choose(elsewhere.branch_id)).status()).toBe(403)
  await two.page.selectOption("#branch", there?.id ?? "")
  await two.page.click(".switch button")
  await two.page.waitForURL(/patients|day/)
  expect(await two.go(`/patients/${own.id}`)).toBe(404)
  expect(await two.go(`/patients/${nextDoor.id}`)).toBe(200)
  await two.page.selectOption("#branch", here?.id ?? "")
  await Promise.all([two.page.waitForNavigation(), two.page.click(".switch button")])
  expect(await two.go(`/patients/${nextDoor.id}`)).toBe(404)
  await two.context.close()
})

test("by cached page and back button: nothing of whoever sat here before, for nobody and for the next person", async () => {
  const at = await seat(chromium, console_, "doctorElsewhere")
  expect(await at.go(`/patients/${elsewhere.id}`)).toBe(200)
  expect(leaks(await at.main())).not.toEqual([])
  await Promise.all([at.page.waitForURL(/sign-in/), at.page.click(".top form:last-of-type button")])
  await at.page.goBack()
  await at.page.waitForURL(/sign-in/)
  await at.page.locator("#email").waitFor()
  expect(leaks(await at.page.content())).toEqual([])
  await at.go("/sign-in")
  await enter(at.page, "billing")
  await at.page.waitForSelector(".side")
  for (let n = 0; n < 4; n++) {
    // There may be no page further back; a page that is left says nothing.
    await at.page.goBack().catch(() => null)
    await at.page.waitForLoadState("networkidle")
    expect(leaks(await contentOf(at.page))).toEqual([])
  }
  expect(await at.go(`/patients/${elsewhere.id}`)).toBe(404)
  await at.context.close()
})

test("a session that is revoked while the page is open: the page locks, and the form is still there after unlocking", async () => {
  const [desk, other] = [await seat(chromium, console_, "nurse"), await seat(chromium, console_, "nurse")]
  await desk.go(`/patients/${own.id}`)
  expect(await desk.page.innerText("main")).toContain(own.full_name)
  await desk.page.click("#details summary")
  await desk.page.fill("#details #allergies", "typed before the end")
  await other.go("/sessions")
  await other.page.locator("#sessions li").locator("button").first().waitFor()
  while ((await other.page.locator("#sessions li button").count()) > 0) {
    const left = await other.page.locator("#sessions li").count()
    await other.page.locator("#sessions li button").first().click()
    await expect.poll(() => other.page.locator("#sessions li").count()).toBeLessThan(left)
  }
  await desk.page.click("#details form button")
  await desk.page.waitForSelector("dialog.lock[open]")
  expect(await desk.page.locator("#details").isVisible()).toBe(false)
  const kept = await asked("select allergies from patient where id = $1", [own.id])
  expect(kept.rows[0]?.allergies).not.toBe("typed before the end")
  // Escape does not open it.
  await desk.page.keyboard.press("Escape")
  await desk.page.keyboard.press("Escape")
  expect(await desk.page.locator("#details").isVisible()).toBe(false)
  await expect.poll(() => desk.page.locator("dialog.lock[open]").count()).toBe(1)
  // Whoever is no staff does not open it either.
  await desk.page.evaluate(
    `document.querySelector("dialog.lock [name=email]").value = ${JSON.stringify(people.patient.email)}`,
  )
  await unlock(desk.page, "patient")
  await desk.page.locator("dialog.lock .wrong", { hasText: "for people who work at the clinic" }).waitFor()
  expect(await desk.page.locator("#details").isVisible()).toBe(false)
  await desk.page.evaluate(
    `document.querySelector("dialog.lock [name=email]").value = ${JSON.stringify(people.nurse.email)}`,
  )
  await unlock(desk.page, "nurse")
  await desk.page.locator("#details").waitFor({ state: "visible" })
  expect(await desk.page.inputValue("#details #allergies")).toBe("typed before the end")
  await desk.page.click("#details form button")
  await desk.page.locator("#details dd", { hasText: "typed before the end" }).waitFor()
  await desk.context.close()
  await other.context.close()
})

test("guesses: five wrong passwords from one place, and it waits, whomever it names and wherever it says it sits", async () => {
  const at = await seat(chromium, console_, "childPatient", { signIn: false })
  await at.go("/sign-in")
  for (let n = 0; n < 6; n++) {
    await at.page.setExtraHTTPHeaders({ "x-forwarded-for": `192.0.2.${n}` })
    await at.page.fill("#email", `${n}${people.locum.email}`)
    await at.page.fill("#password", "wrong")
    await at.page.click("form.stack button")
    await at.page.locator("form.stack button:not([disabled])").waitFor()
    await at.page.locator(".notice.bad").waitFor()
  }
  expect(await at.page.innerText(".notice.bad")).toContain("Too many failed attempts")
  await at.context.close()
})

test("no page asked another address for anything, and none broke the policy of its scripts", () => {
  expect(reception.watched.requests.filter((url) => !url.startsWith(console_.origin))).toEqual([])
  expect(reception.watched.faults).toEqual([])
})
