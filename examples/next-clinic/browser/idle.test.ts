import { afterAll, beforeAll, expect, test } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Browser } from "../../express-clinic/src/testing/chromium.ts"
import { startChromium } from "../../express-clinic/src/testing/chromium.ts"
import { clinicTemplate } from "../../express-clinic/src/testing/open-clinic.ts"
import { openConsole, type RunningConsole } from "./console.ts"
import { seat, unlock } from "./seat.ts"

const database = useDatabase({ template: clinicTemplate })
/** Fifteen minutes in the clinic. */
const idleSeconds = 8
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
