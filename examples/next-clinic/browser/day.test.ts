import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Patient } from "../../express-clinic/src/data/patients.ts"
import { connected } from "../../express-clinic/src/database/connected.ts"
import { actorOf } from "../../express-clinic/src/login/actor.ts"
import type { Browser } from "../../express-clinic/src/testing/chromium.ts"
import { artefacts, startChromium, violations } from "../../express-clinic/src/testing/chromium.ts"
import { clinicTemplate } from "../../express-clinic/src/testing/open-clinic.ts"
import { secrets, world } from "../../express-clinic/src/testing/secrets.ts"
import { openConsole, type RunningConsole } from "./console.ts"
import { freshCode, type Seat, seat } from "./seat.ts"

const database = useDatabase({ template: clinicTemplate })
const { people } = secrets
let console_: RunningConsole
let chromium: Browser

/** Around the fence, to see what really happened. */
const asked = (sql: string, values: unknown[] = []) =>
  connected(database.adminUrl, async (client) => await client.query(sql, values))

beforeAll(async () => {
  ;[console_, chromium] = await Promise.all([openConsole(database), startChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await console_?.close()
})

const name = "Ishwari Deshpande-Kulkarni"
const today = new Date(Date.now() + 5.5 * 3_600_000).toISOString().slice(0, 10)
const menu = async ({ page }: Seat): Promise<string[]> => await page.locator(".side a").allInnerTexts()
const said = async ({ page }: Seat, form: string): Promise<string> => {
  const status = page.locator(`${form} [role=status]:not(:empty)`).first()
  await status.waitFor()
  return await status.innerText()
}
let patient = ""
/** Stays open until it was reviewed. */
let emergency: { readonly at: Seat; readonly opened: string } | undefined
/** Of the branch next door, and written in the log as no name. */
const stranger = world.patients.find(({ branch_id }) => branch_id === people.doctorNextDoor.branches[0]?.id) as Patient
const report = Buffer.from("%PDF-1.4\n% haemoglobin of the day\n")

test("reception: registers, corrects, books, and sees nothing that is clinical", async () => {
  const at = await seat(chromium, console_, "reception")
  expect(await menu(at)).toEqual(["Today", "Patients", "Open sessions"])
  await at.go("/patients/new")
  await at.page.fill("#full_name", name)
  await at.page.fill("#phone", "12345")
  await at.page.selectOption("#sex", "female")
  await at.page.click("main form.stack button")
  // Refused in words, and what was typed is still there.
  expect(await said(at, "main form.stack")).toContain("malformed")
  expect(await at.page.inputValue("#full_name")).toBe(name)
  await at.page.fill("#phone", "+919900112233")
  await at.page.click("main form.stack button")
  await at.page.waitForURL(/\/patients\/[0-9a-f-]{36}$/)
  patient = at.page.url().split("/").at(-1) ?? ""
  await at.page.locator("h1", { hasText: name }).waitFor()
  for (const hidden of ["Allergies", "HIV", "Clinical notes", "Prescriptions", "Invoices"])
    expect(await at.main()).not.toContain(hidden)
  await at.page.click("#details summary")
  await at.page.fill("#details #phone", "+919900112244")
  await at.page.click("#details form button")
  expect(await said(at, "#details form")).toBe("Saved.")
  await at.page.locator("#details dd", { hasText: "+919900112244" }).waitFor()
  await at.page.click("#appointments summary")
  await at.page.fill("#book-at", `${today}T17:30`)
  await at.page.fill("#book-reason", "follow-up after a fall")
  await at.page.click("#appointments .more form button")
  expect(await said(at, "#appointments .more form")).toBe("Booked.")
  await at.go("/day")
  const row = at.page.locator("li", { hasText: name })
  await row.locator("select").selectOption("arrived")
  await row.locator("button").click()
  await row.locator(".tag", { hasText: "Arrived" }).waitFor()
  await at.go("/patients?search=ishwari")
  expect(await at.page.locator("tbody th").allInnerTexts()).toEqual([expect.stringContaining(name)])
  await at.go("/patients?search=2244")
  expect(await at.page.locator("tbody th").allInnerTexts()).toContainEqual(expect.stringContaining(name))
  await at.context.close()
})

test("doctor: writes and signs a note, prescribes; a signed note has no button any more", async () => {
  const at = await seat(chromium, console_, "doctor")
  await at.go(`/patients/${patient}`)
  await at.page.click("#notes summary")
  await at.page.fill("#diagnosis", "sprained ankle")
  await at.page.fill("#body", "Swelling on the left side. Rest and ice.")
  await at.page.click("#notes .more form button")
  expect(await said(at, "#notes .more form")).toBe("Saved.")
  const note = at.page.locator("#notes li", { hasText: "sprained ankle" })
  await note.getByRole("button", { name: "Sign" }).click()
  await note.locator(".tag", { hasText: "Signed" }).waitFor()
  expect(await note.getByRole("button").count()).toBe(0)
  await at.page.click("#prescriptions summary")
  await at.page.fill("#dose", "thrice")
  await at.page.fill("#days", "5")
  await at.page.click("#prescriptions .more form button")
  expect(await said(at, "#prescriptions .more form")).toContain("malformed")
  expect(await at.page.inputValue("#dose")).toBe("thrice")
  await at.page.fill("#dose", "1-0-1")
  await at.page.click("#prescriptions .more form button")
  // The refusal stands there until the answer comes.
  await at.page.locator("#prescriptions .more form [role=status]", { hasText: "Saved." }).waitFor()
  await at.page.locator("#prescriptions li", { hasText: "1-0-1" }).waitFor()
  expect(await at.page.locator("#invoices").count()).toBe(0)
  await at.context.close()
})

test("nurse: a lab file comes in and goes out again; wrong and large ones are refused, and the log has every step", async () => {
  const at = await seat(chromium, console_, "nurse")
  await at.go(`/patients/${patient}`)
  await at.page.click("#lab-files summary")
  const choose = async (name: string, buffer: Buffer): Promise<void> => {
    await at.page.setInputFiles("#lab-file", { name, mimeType: "application/pdf", buffer })
    await at.page.click("#lab-files form button")
  }
  const answer = (text: string) => at.page.locator("#lab-files form [role=status]", { hasText: text }).waitFor()
  await choose("huge.pdf", Buffer.concat([report, Buffer.alloc(5 * 1024 * 1024)]))
  await answer("larger than 5 MB")
  expect(await at.page.evaluate("document.querySelector('#lab-file').files[0].name")).toBe("huge.pdf")
  await choose("page.pdf", Buffer.from("<script>alert(1)</script>"))
  await answer("Only PDF, PNG and JPEG")
  await choose("रक्त जाँच.pdf", report)
  await answer("Added.")
  const file = at.page.locator("#lab-files li", { hasText: "रक्त जाँच.pdf" })
  const [left] = await Promise.all([at.page.waitForEvent("download"), file.locator("a").click()])
  expect(left.suggestedFilename()).toBe("रक्त जाँच.pdf")
  expect(readFileSync(await left.path())).toEqual(report)
  const { rows } = await asked(
    `select verb, subject, detail from wardkeep_audit.event
      where actor = $1 and relation = 'public.lab_file' and verb in ('create', 'download') order by id`,
    [actorOf(people.nurse.id)],
  )
  const sha256 = createHash("sha256").update(report).digest("hex")
  const events = rows.map(({ verb, subject, detail }) => ({ verb, subject, detail: JSON.parse(detail) }))
  expect(events).toMatchObject([
    { verb: "create", subject: patient, detail: { content: "redacted" } },
    { verb: "download", subject: patient, detail: { phase: "begun" } },
    { verb: "download", subject: patient, detail: { phase: "completed", bytes: report.length, sha256 } },
  ])
  // Nothing of the file itself, and not its name where it left.
  expect(JSON.stringify(events)).not.toContain(report.toString("hex"))
  expect(JSON.stringify(events.slice(1))).not.toContain("रक्त")
  await at.context.close()
})

test("doctor: an emergency opens one patient of the branch next door, and ends with the review", async () => {
  const earlier = await seat(chromium, console_, "doctor")
  const at = await seat(chromium, console_, "doctor")
  expect(await menu(at)).toContain("Emergency")
  expect(await at.go(`/patients/${stranger.id}`)).toBe(404)
  await at.go("/emergency")
  const branch = people.doctorNextDoor.branches[0]
  await at.page.selectOption("#of-branch", branch?.id ?? "")
  await at.page.fill("#subject", stranger.id)
  await at.page.fill("#explanation", "brought in alone")
  await at.page.fill("#minutes", "90")
  await at.page.click("#declare button")
  expect(await said(at, "#declare form")).toContain("refused")
  expect(await at.page.inputValue("#explanation")).toBe("brought in alone")
  await at.page.fill("#minutes", "20")
  await at.page.click("#declare button")
  await at.page.waitForURL(/\/emergency\/[0-9a-f-]{36}$/)
  await at.page.locator("h1", { hasText: stranger.full_name }).waitFor()
  expect(await at.main()).toContain(stranger.phone)
  for (const width of [1280, 360]) {
    await at.page.setViewportSize({ width, height: 860 })
    await at.page.screenshot({ path: join(artefacts(), `doctor-opened-${width}.png`) })
    expect(await violations(at.page)).toEqual([])
  }
  const opened = at.page.url()
  // In its own place only: nowhere else did anything widen.
  expect(await at.go(`/patients/${stranger.id}`)).toBe(404)
  const other = await seat(chromium, console_, "doctorOfTwo")
  expect((await other.page.goto(opened))?.status()).toBe(404)
  await other.context.close()
  // The same person at another desk: only with a code that is newer than the declaration.
  await earlier.page.goto(opened)
  expect(await earlier.main()).toContain("declared after your last code")
  expect(await earlier.main()).not.toContain(stranger.full_name)
  await earlier.page.click("main p ~ a")
  await earlier.page.fill("#code", await freshCode("doctor"))
  await earlier.page.click("form.stack button")
  await earlier.page.waitForURL(opened)
  await earlier.page.locator("h1", { hasText: stranger.full_name }).waitFor()
  await earlier.context.close()
  const { rows } = await asked(
    "select actor, subject from wardkeep_audit.event where relation = 'public.patient' and subject = $1 and verb = 'view'",
    [stranger.id],
  )
  expect(rows).toContainEqual({ actor: actorOf(people.doctor.id), subject: stranger.id })
  emergency = { at, opened }
}, 240_000)

test("billing: an invoice, paid; the export is in the audit log with its SHA-256", async () => {
  const at = await seat(chromium, console_, "billing")
  expect(await menu(at)).toEqual(["Today", "Patients", "Invoices", "Open sessions"])
  await at.go(`/patients/${patient}`)
  const shown = await at.main()
  expect(shown).not.toContain("sprained")
  expect(shown).not.toContain("1-0-1")
  await at.page.click("#invoices summary")
  await at.page.fill("#number", "DAY-1")
  await at.page.fill("#rupees", "750")
  await at.page.click("#invoices .more form button")
  expect(await said(at, "#invoices .more form")).toBe("Saved.")
  const invoice = at.page.locator("#invoices li", { hasText: "DAY-1" })
  expect(await invoice.innerText()).toContain("₹750")
  await invoice.getByRole("button").click()
  await invoice.locator(".tag", { hasText: "Paid" }).waitFor()
  await at.go("/invoices")
  const [file] = await Promise.all([at.page.waitForEvent("download"), at.page.click(".bar a")])
  const { invoices } = JSON.parse(readFileSync(await file.path(), "utf8"))
  expect(invoices).toContainEqual(expect.objectContaining({ number: "DAY-1", amount: "75000", status: "paid" }))
  const { rows } = await asked(
    `select verb, relation, n, detail::json ->> 'phase' as phase, detail::json ->> 'sha256' as sha256 from wardkeep_audit.event
      where actor = $1 and verb = 'export' order by id`,
    [actorOf(people.billing.id)],
  )
  expect(rows).toMatchObject([
    { relation: "public.invoice", phase: "begun" },
    { relation: "public.invoice", phase: "completed", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ])
  await at.context.close()
})

test("owner: reviews an emergency, withdraws a role, and reads no name", async () => {
  const at = await seat(chromium, console_, "owner")
  expect(await menu(at)).toEqual([
    "Patients",
    "Invoices",
    "Emergencies",
    "Access review",
    "Who may do what",
    "Open sessions",
  ])
  await at.go("/emergencies")
  expect(await at.main()).toContain("brought in alone")
  expect(await at.main()).not.toContain(stranger.full_name)
  await at.page.fill('input[name="note"]', "the ward called")
  await at.page.click("main form.stack button")
  await at.page.getByText("No emergency waits for a review.").waitFor()
  await emergency?.at.page.goto(emergency.opened)
  expect(await emergency?.at.main()).toContain("This emergency is over")
  expect(await emergency?.at.main()).not.toContain(stranger.full_name)
  await emergency?.at.context.close()
  await at.go("/team")
  const leaver = at.page.locator("#team li", { hasText: people.leaver.email }).first()
  await leaver.locator("summary").click()
  await leaver.locator('input[name="reason"]').fill("left the clinic")
  await leaver.locator(".more button").click()
  await leaver.locator(".tag", { hasText: "Withdrawn" }).waitFor()
  await at.go("/matrix")
  expect(await at.page.locator("table.heat tbody tr").count()).toBeGreaterThan(10)
  await at.context.close()
})

test("privacy officer: who saw the patient, before and after; an unexplained access is decided once", async () => {
  const at = await seat(chromium, console_, "privacy")
  expect(await menu(at)).toEqual([
    "Patients",
    "Unexplained accesses",
    "Who saw a patient",
    "Who may do what",
    "Open sessions",
  ])
  await at.go("/privacy/seen?search=ishwari")
  await at.page.click("tbody th a")
  await at.page.fill("#reason", "question of the patient")
  await at.page.click("#ask button")
  await at.page.waitForSelector("#timeline")
  const timeline = await at.page.innerText("#timeline")
  for (const part of ["reception", "doctor", "billing"] as const) expect(timeline).toContain(people[part].email)
  // The phone was changed, and the privacy officer does not read phones: not here either.
  expect(timeline).toContain("Phone: not shown to your role")
  expect(timeline).not.toContain("+919900112244")
  expect(timeline).toContain("arrived")
  const asking = "select detail from wardkeep_audit.event where relation = 'wardkeep_audit.event' and subject = $1"
  const question = await asked(asking, [patient])
  expect(JSON.parse(question.rows.at(-1).detail).reason).toBe(`${actorOf(people.privacy.id)}: question of the patient`)
  await at.go("/privacy/accesses?reason=weekly+review")
  const open = at.page.locator("#queue li", { has: at.page.locator("details") }).first()
  await open.locator("summary").click()
  await open.locator('input[name="reason"]').fill("asked, and explained")
  await open.locator(".more button").click()
  await at.page.locator("#queue .tag", { hasText: "Legitimate" }).first().waitFor()
  const { rows } = await asked(
    "select count(*)::int as n from wardkeep_audit.event where actor = $1 and verb = 'view'",
    [actorOf(people.privacy.id)],
  )
  expect(rows[0]?.n).toBeGreaterThan(0)
  await at.context.close()
})
