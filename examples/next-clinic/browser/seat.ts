import { setTimeout as sleep } from "node:timers/promises"
import type { Part } from "../../express-clinic/src/data/people.ts"
import { currentCode } from "../../express-clinic/src/login/second-factor.ts"
import type { Browser, BrowserContext, Page } from "../../express-clinic/src/testing/chromium.ts"
import { type Watched, watch } from "../../express-clinic/src/testing/chromium.ts"
import { secrets } from "../../express-clinic/src/testing/secrets.ts"
import type { RunningConsole } from "./console.ts"

export interface Seat {
  readonly page: Page
  readonly context: BrowserContext
  readonly watched: Watched
  go(path: string): Promise<number>
  main(): Promise<string>
}

const steps = new Map<Part, number>()

/** A code that was not given yet: one works once, and the one before and the one after are accepted, too. Waits for one. */
export async function freshCode(part: Part): Promise<string> {
  const now = (): number => Math.floor(Date.now() / 30_000)
  const step = Math.max((steps.get(part) ?? 0) + 1, now() - 1)
  steps.set(part, step)
  while (step > now() + 1) await sleep(500)
  return currentCode(secrets.people[part].totpSecret, step * 30_000 + 1000)
}

interface Options {
  readonly width?: number
  readonly signIn?: boolean
}

/** A browser with somebody signed in by hand. */
export async function seat(
  chromium: Browser,
  { origin }: RunningConsole,
  part: Part,
  options: Options = {},
): Promise<Seat> {
  const { width = 1280, signIn = true } = options
  const context = await chromium.newContext({ viewport: { width, height: 860 }, locale: "en-IN" })
  context.setDefaultTimeout(20_000)
  const watched = watch(context)
  const page = await context.newPage()
  const at: Seat = {
    page,
    context,
    watched,
    go: async (path) => (await page.goto(origin + path))?.status() ?? 0,
    main: () => page.innerText("main"),
  }
  if (signIn) {
    await at.go("/sign-in")
    await enter(page, part)
    await page.waitForSelector(".side")
  }
  return at
}

/** Both factors, at the form. */
export async function enter(page: Page, part: Part): Promise<void> {
  const { email, password } = secrets.people[part]
  await page.fill("#email", email)
  await page.fill("#password", password)
  await page.click("form.stack button")
  await page.waitForSelector("#code")
  await page.fill("#code", await freshCode(part))
  await page.click("form.stack button")
}

/** Both factors, at the lock. */
export async function unlock(page: Page, part: Part): Promise<void> {
  await page.fill("#lock-password", secrets.people[part].password)
  await page.fill("#lock-code", await freshCode(part))
  await page.click("dialog.lock form.stack button")
}
