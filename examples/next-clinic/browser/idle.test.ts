import { afterAll, beforeAll, expect, test } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { connected } from "../../express-clinic/src/database/connected.ts"
import type { Browser } from "../../express-clinic/src/testing/chromium.ts"
import { startChromium } from "../../express-clinic/src/testing/chromium.ts"
import { clinicTemplate } from "../../express-clinic/src/testing/open-clinic.ts"
import { secrets, world } from "../../express-clinic/src/testing/secrets.ts"
import { dayText } from "../words/index.ts"
import { openConsole, type RunningConsole } from "./console.ts"
import { seat, unlock } from "./seat.ts"

const database = useDatabase({ template: clinicTemplate })
/** Fifteen minutes in the clinic. */
const idleSeconds = 8
const { people } = secrets
let console_: RunningConsole
let chromium: Browser

beforeAll(async () => {
  ;[console_, chromium] = await Promise.all([openConsole(database, { idleSeconds }), startChromium()])
})
afterAll(async () => {
  await chromium?.close()
  await console_?.close()
})

test("who leaves the desk is locked out in the browser and in the database, and finds the form as it was", async () => {
  const at = await seat(chromium, console_, "reception")
  await at.go("/patients/new")
  await at.page.fill("#full_name", "Half a name")
  // Lies open behind the other, and must not end what is used there.
  const behind = await at.context.newPage()
  await behind.goto(`${console_.origin}/patients`)
  await at.page.bringToFront()
  // Typing keeps the session awake, without a request of its own.
  for (let second = 0; second < idleSeconds * 2; second++) {
    await at.page.keyboard.type("a", { delay: 500 })
    await at.page.keyboard.press("Backspace", { delay: 500 })
  }
  for (const page of [at.page, behind]) expect(await page.locator("dialog.lock[open]").count()).toBe(0)
  await at.page.waitForSelector("dialog.lock[open]")
  expect(await at.page.locator("main").isVisible()).toBe(false)
  // The page locks first and says so to the server then, so the server may still be hearing of it.
  const status = async () => (await at.page.request.get(`${console_.origin}/patients`, { maxRedirects: 0 })).status()
  await expect.poll(status, { timeout: 10_000 }).toBe(307)
  await unlock(at.page, "reception")
  await at.page.locator("main").waitFor({ state: "visible" })
  expect(await at.page.inputValue("#full_name")).toBe("Half a name")
  await at.context.close()
})

test("a tab that slept behind does not end the session of whoever unlocked another one meanwhile", async () => {
  const at = await seat(chromium, console_, "nurse")
  await at.go("/patients")
  const asleep = await at.context.newPage()
  // As browsers do to a tab that nobody sees: its timers stand still, and find out later how late it is.
  await asleep.addInitScript("window.turns = []; window.setInterval = (turn) => turns.push(turn)")
  await asleep.goto(`${console_.origin}/patients`)
  const turns = () => asleep.evaluate<number>("turns.length")
  await expect.poll(turns, { timeout: 20_000 }).toBeGreaterThan(0)
  await at.page.bringToFront()
  await at.page.waitForSelector("dialog.lock[open]")
  await unlock(at.page, "nurse")
  await at.page.locator("main").waitFor({ state: "visible" })
  const first = asleep.waitForRequest(`${console_.origin}/session`)
  await asleep.evaluate("for (const turn of turns) turn()")
  expect((await first).method()).not.toBe("DELETE")
  expect(await at.go("/patients")).toBe(200)
  expect(new URL(at.page.url()).pathname).toBe("/patients")
  await at.context.close()
})

test("a computer that slept is locked by the hand that wakes it, in the database too", async () => {
  const at = await seat(chromium, console_, "doctor")
  await at.page.addInitScript("window.turns = []; window.setInterval = (turn) => turns.push(turn)")
  await at.go("/patients")
  await expect.poll(() => at.page.evaluate<number>("turns.length"), { timeout: 20_000 }).toBeGreaterThan(0)
  await at.page.mouse.move(20, 20)
  expect(await at.page.locator("dialog.lock[open]").count()).toBe(0)
  await at.page.evaluate("{ const now = Date.now; Date.now = () => now() + 3_600_000 }")
  const ended = at.page.waitForResponse(
    (response) => response.url() === `${console_.origin}/session` && response.request().method() === "DELETE",
  )
  await at.page.mouse.move(40, 40)
  await at.page.waitForSelector("dialog.lock[open]")
  expect((await ended).status()).toBe(204)
  expect((await at.page.request.get(`${console_.origin}/patients`, { maxRedirects: 0 })).status()).toBe(307)
  await at.context.close()
})

test("a clock that is set back keeps no desk open, and no tab that is used is locked by it", async () => {
  const at = await seat(chromium, console_, "billing")
  await at.go("/invoices")
  const behind = await at.context.newPage()
  await behind.goto(`${console_.origin}/invoices`)
  await at.page.bringToFront()
  for (const page of [at.page, behind])
    await page.evaluate("{ const now = Date.now; Date.now = () => now() - 3_600_000 }")
  for (let second = 0; second < idleSeconds + 4; second++) {
    await at.page.mouse.move(20 + second, 20)
    await at.page.waitForTimeout(1000)
  }
  for (const page of [at.page, behind]) expect(await page.locator("dialog.lock[open]").count()).toBe(0)
  await at.page.waitForSelector("dialog.lock[open]", { timeout: idleSeconds * 2000 })
  const status = async () => (await at.page.request.get(`${console_.origin}/invoices`, { maxRedirects: 0 })).status()
  await expect.poll(status, { timeout: 10_000 }).toBe(307)
  await at.context.close()
})

test("whoever unlocks finds the branch they chose, and goes on with the emergency that they declared", async () => {
  const at = await seat(chromium, console_, "doctorOfTwo")
  const [one] = people.doctorOfTwo.branches
  await at.page.selectOption("#branch", one?.id ?? "")
  await Promise.all([at.page.waitForNavigation(), at.page.click(".switch button")])
  await at.go("/emergency")
  const elsewhere = await at.page.inputValue("#of-branch")
  const patient = world.patients.find(({ branch_id }) => branch_id === elsewhere)
  await at.page.fill("#subject", patient?.id ?? "")
  await at.page.fill("#explanation", "brought in alone")
  await at.page.fill("#minutes", "20")
  await at.page.click("#declare button")
  await at.page.waitForURL(/\/emergency\/[0-9a-f-]{36}$/)
  const opened = at.page.url()
  await at.page.waitForSelector("dialog.lock[open]")
  await unlock(at.page, "doctorOfTwo")
  await at.page.locator("main").waitFor({ state: "visible" })
  await at.go("/emergency")
  expect(await at.page.inputValue("#branch")).toBe(one?.id)
  await at.page.click("#open-now a")
  await at.page.waitForURL(opened)
  await at.page.locator("h1", { hasText: patient?.full_name ?? "" }).waitFor()
  expect(await at.main()).toContain(dayText("en", patient?.dob ?? ""))
  const { rows } = await connected(database.adminUrl, (client) =>
    client.query(
      "select detail::json ->> 'phase' as phase, session from wardkeep_audit.event where verb = 'break_glass' order by id",
    ),
  )
  expect(rows.map(({ phase }) => phase)).toEqual(["declared", "opened", "resumed"])
  expect(new Set(rows.map(({ session }) => session)).size).toBe(2)
  await at.context.close()
})
