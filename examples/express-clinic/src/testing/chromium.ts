import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import axe from "axe-core"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"

export type { Browser, BrowserContext, Page } from "playwright-core"

const chromiumPath = process.env.WARDKEEP_CHROMIUM ?? "/usr/bin/chromium"

/** Where screenshots and the figures of a run go. */
export function artefacts(): string {
  const folder = process.env.WARDKEEP_ARTEFACTS ?? join(process.cwd(), "tests/results/pages")
  mkdirSync(folder, { recursive: true })
  return folder
}

export async function startChromium(): Promise<Browser> {
  if (!existsSync(chromiumPath))
    throw new Error("Chromium is not installed: apt-get install chromium, or set WARDKEEP_CHROMIUM")
  // Inside a container Chromium's own sandbox is refused; only pages of this process are opened.
  const args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
  return await chromium.launch({ executablePath: chromiumPath, args })
}

/** What a page asked for and what went wrong in it, while it is looked at. */
export interface Watched {
  readonly requests: string[]
  readonly faults: string[]
}

export function watch(context: BrowserContext): Watched {
  const watched: Watched = { requests: [], faults: [] }
  context.on("request", (request) => void watched.requests.push(request.url()))
  context.on("console", (message) => {
    // A status that the test asks for is no fault of the page.
    if (message.type() === "error" && !/status of 4\d\d/.test(message.text())) watched.faults.push(message.text())
  })
  context.on("weberror", (error) => void watched.faults.push(String(error.error())))
  return watched
}

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** What axe finds, in words; empty when it finds nothing. It runs beside the page's own policy, which allows no script. */
export async function violations(page: Page): Promise<string[]> {
  if (!(await page.evaluate("typeof axe === 'object'"))) await page.evaluate(axe.source)
  const found = await page.evaluate<Violation[]>(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations)",
  )
  return found.map(
    ({ id, nodes }) =>
      `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary ?? ""}`).join(" | ")}`,
  )
}
