import { afterAll, beforeAll, expect, test } from "vitest"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Browser } from "../../express-clinic/src/testing/chromium.ts"
import { startChromium } from "../../express-clinic/src/testing/chromium.ts"
import { clinicTemplate } from "../../express-clinic/src/testing/open-clinic.ts"
import { openConsole, type RunningConsole } from "./console.ts"
import { seat, unlock } from "./seat.ts"

const database = useDatabase({ template: clinicTemplate })
/** Fifteen minutes in the clinic. */
const idleSeconds = 6
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
  const answer = await at.page.request.get(`${console_.origin}/patients`, { maxRedirects: 0 })
  expect(answer.status()).toBe(307)
  await unlock(at.page, "reception")
  await at.page.locator("main").waitFor({ state: "visible" })
  expect(await at.page.inputValue("#full_name")).toBe("Half a name")
  await at.context.close()
})
