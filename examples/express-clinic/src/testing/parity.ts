import type { Page } from "playwright-core"

/** What one act cost the person who did it. */
export interface Cost {
  /** Pages that were loaded from the choices to the receipt. */
  readonly pages: number
  /** Forms that were sent. */
  readonly steps: number
  readonly clicks: number
  /** With the keyboard alone: every key from the top of the page on. */
  readonly keystrokes: number
  readonly milliseconds: number
}

type Act = "give" | "withdraw"

const answer = (purpose: string): string => `[name="choice.${purpose}"][value="yes"]`
const back = (purpose: string): string => `[form="withdraw-${purpose}"]`

/** The same person at the same page, with a pointer, counted as it is done. */
async function byPointer(page: Page, act: Act, purpose: string): Promise<Omit<Cost, "keystrokes">> {
  let [pages, steps, clicks] = [0, 0, 0]
  const loaded = (): void => void pages++
  const sent = (request: { method(): string }): void => void (request.method() === "POST" && steps++)
  const press = async (selector: string): Promise<void> => {
    clicks++
    await page.click(selector)
  }
  page.on("load", loaded).on("request", sent)
  const started = performance.now()
  if (act === "give") {
    await press(answer(purpose))
    await press("#save")
  } else await press(back(purpose))
  await page.waitForSelector("#said")
  const milliseconds = performance.now() - started
  await page.waitForLoadState("load")
  page.off("load", loaded).off("request", sent)
  return { pages, steps, clicks, milliseconds }
}

/** The same with the keyboard alone, from the top of the page: how many keys it takes. */
async function byKeyboard(page: Page, act: Act, purpose: string): Promise<number> {
  let keys = 0
  const press = async (key: string): Promise<void> => {
    keys++
    await page.keyboard.press(key)
  }
  const target = act === "give" ? answer(purpose) : back(purpose)
  const isThere = (): Promise<boolean> =>
    page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(target)})`)
  while (!(await isThere())) {
    if (keys > 60) throw new Error(`the keyboard does not reach ${target}`)
    await press("Tab")
  }
  if (act === "give") await press("Space")
  await press("Enter")
  await page.waitForSelector("#said")
  return keys
}

export interface Parity {
  readonly give: Cost
  readonly withdraw: Cost
  /** Withdrawing over giving. */
  readonly ratio: Cost
  readonly runs: number
}

const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN

/**
 * Gives and takes back in turn, by pointer and by keyboard, from the same page each time.
 *
 * @param open opens the page of the choices
 */
export async function measureParity(
  page: Page,
  open: () => Promise<unknown>,
  purpose: string,
  runs: number,
): Promise<Parity> {
  const costs: Record<Act, Cost[]> = { give: [], withdraw: [] }
  const acts = ["give", "withdraw"] as const
  const keys: Record<Act, number> = { give: 0, withdraw: 0 }
  for (const act of acts) {
    await open()
    keys[act] = await byKeyboard(page, act, purpose)
  }
  for (let run = 0; run < runs; run++)
    for (const act of acts) {
      await open()
      costs[act].push({ ...(await byPointer(page, act, purpose)), keystrokes: keys[act] })
    }
  const worst = (act: Act): Cost => {
    const most = (name: keyof Cost): number => Math.max(...costs[act].map((cost) => cost[name]))
    const milliseconds = median(costs[act].map((cost) => cost.milliseconds))
    return {
      pages: most("pages"),
      steps: most("steps"),
      clicks: most("clicks"),
      keystrokes: most("keystrokes"),
      milliseconds,
    }
  }
  const [give, withdraw] = [worst("give"), worst("withdraw")]
  const names = ["pages", "steps", "clicks", "keystrokes", "milliseconds"] as const
  const ratio = Object.fromEntries(names.map((name) => [name, withdraw[name] / give[name]])) as Record<
    keyof Cost,
    number
  >
  return { give, withdraw, ratio, runs }
}
