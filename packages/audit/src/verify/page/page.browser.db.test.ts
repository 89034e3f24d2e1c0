import { generateKeyPairSync } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Browser, Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { ended, forged, pem, sealed, signer } from "#tests/fixture/sealed-bundle.ts"
import {
  artefacts,
  startChromium,
  violations,
  type Watched,
  watch,
} from "../../../../../examples/express-clinic/src/testing/chromium.ts"
import { verifierPage } from "../../../page.build.ts"
import { checkpointNote } from "../../seal/note.js"
import { trustedKeys, verifyBundle } from "../index.js"

const stranger = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString()
let browser: Browser
let folder = ""
let watched: Watched
let page: Page

interface Given {
  readonly keys?: string
  readonly anchors?: string
}

async function shown(name: string, text: string, given: Given = {}): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  await page.locator("#bundle").setInputFiles(path)
  await page.locator("#keys").fill(given.keys ?? pem)
  await page.locator("#anchors").fill(given.anchors ?? "")
  await page.locator("#go").click()
  await page.locator("#result h2").waitFor()
  return (await page.locator("#result").textContent()) ?? ""
}

/** What the command says of the same bytes. */
async function commandSays(text: string, { keys = pem, anchors }: Given = {}): Promise<string[]> {
  const bytes = async function* (): AsyncIterable<Uint8Array> {
    yield Buffer.from(text)
  }
  try {
    const kept = anchors === undefined ? [] : [anchors]
    const { ok, verdicts } = await verifyBundle({ bytes: bytes(), keys: trustedKeys([keys]), anchors: kept })
    return [ok ? "OK" : "NOT OK", ...verdicts.flatMap(({ name, origin, message }) => [name, `${origin}: ${message}`])]
  } catch (error) {
    const { code, message, hint } = error as { code: string; message: string; hint: string }
    return [`${code} ${message}`, hint]
  }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wardkeep-page-"))
  await writeFile(join(folder, "verify.html"), await verifierPage())
  browser = await startChromium()
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } })
  watched = watch(context)
  page = await context.newPage()
  await page.goto(`file://${join(folder, "verify.html")}`)
})

afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true })
})

describe("the page that verifies a bundle", () => {
  const good = sealed(40)
  const other = sealed(40, { deployment: "elsewhere" })
  const dropped = sealed(40, { dropped: true })

  it.each<[string, string, string, Given]>([
    ["good", "OK", good.text, { anchors: good.checkpoint }],
    ["without an anchor", "OK", good.text, {}],
    ["edited", "EDITED", forged(good.text, '"value":"asha"', '"value":"meena"'), {}],
    [
      "with a leaf cut out",
      "DELETED",
      ended(
        good.text
          .split("\n")
          .slice(0, -2)
          .filter((line) => !line.startsWith('{"leaf":20,')),
      ),
      {},
    ],
    ["truncated", "WK405", good.text.slice(0, good.text.length / 2), {}],
    ["no bundle", "WK405", "%PDF-1.7\n", {}],
    [
      "under another name",
      "SPLIT_VIEW",
      forged(other.text, "wardkeep/elsewhere/5f0c", "wardkeep/clinic/5f0c"),
      { anchors: other.checkpoint },
    ],
    [
      "with what nobody sealed",
      "WK405",
      forged(good.text, '"verb":"update"', '"verb":"delete","verb":"update"'),
      { anchors: good.checkpoint },
    ],
    ["of another deployment", "WK406", good.text, { anchors: other.checkpoint }],
    [
      "older than an anchor",
      "ROLLED_BACK",
      good.text,
      { anchors: checkpointNote(signer, "wardkeep/clinic/5f0c", 9n, Buffer.alloc(32, 1)) },
    ],
    [
      "another history than an anchor",
      "SPLIT_VIEW",
      good.text,
      { anchors: checkpointNote(signer, "wardkeep/clinic/5f0c", 2n, Buffer.alloc(32, 1)) },
    ],
    ["with a month that was dropped", "DROPPED", dropped.text, { anchors: dropped.checkpoint }],
    [
      "with a month that was dropped, and an act that says another one",
      "DELETED",
      forged(dropped.text, "2026-09", "2026-10"),
      {},
    ],
    ["signed by a key that was retired", "retired before", sealed(40, { retired: true }).text, {}],
    ["signed by a stranger", "KEY_UNKNOWN", good.text, { keys: stranger }],
    ["of a later version", "WK407", good.text.replace('"version":1', '"version":2'), {}],
    ["with a key that is none", "WK402", good.text, { keys: pem.replace("MCow", "MCox") }],
  ])("says of a bundle %s what the command says: %s", async (_, word, text, given) => {
    const said = await shown("case.wkbundle", text, given)
    expect(said).toContain(word)
    const words = await commandSays(text, given)
    for (const each of words) expect(said).toContain(each)
    const verified = words[0] === "OK" || words[0] === "NOT OK"
    expect(said.includes("Self-attested only")).toBe(verified && !given.anchors)
    expect(await page.evaluate("document.activeElement.id")).toBe("result")
    expect(await violations(page)).toEqual([])
  })

  it("says what is missing, and takes a dropped file and the keyboard alone", async () => {
    await page.reload()
    await page.locator("#go").focus()
    await page.keyboard.press("Enter")
    expect(await page.locator("#result").textContent()).toContain("there is no bundle")
    await page.evaluate(
      `(() => { const carried = new DataTransfer(); carried.items.add(new File([${JSON.stringify(good.text)}], "dropped.wkbundle"));
        document.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true })) })()`,
    )
    await page.locator("#keys").focus()
    await page.keyboard.insertText(pem)
    for (let n = 0; n < 3; n++) await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await page.locator("#result h2", { hasText: "OK" }).waitFor()
    expect(await page.locator("#told").textContent()).toContain("dropped.wkbundle")
    for (const anchors of ["not one", `${good.checkpoint}\n${good.checkpoint.replace("\n\n", "\n")}`])
      expect(await shown("case.wkbundle", good.text, { anchors })).toContain("WK009")
    expect(await shown("case.wkbundle", good.text, { anchors: `${good.checkpoint}\n${good.checkpoint}` })).toContain(
      "OK",
    )
    expect(await shown("case.wkbundle", good.text, { keys: "" })).toContain("WK402")
  })

  it("lets a bundle put nothing into the page, asks the network for nothing, and fits a phone in light and dark", async () => {
    const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>'
    const named = forged(good.text, '"checkpoint":"wardkeep', `"checkpoint":"${JSON.stringify(hostile).slice(1, -1)}`)
    expect(await shown("case.wkbundle", named)).toContain(hostile)
    expect(await page.locator("#result img, #result script").count()).toBe(0)
    expect(await page.title()).toBe("Verify a bundle of an audit log")
    expect(new Set(watched.requests.map((url) => new URL(url).protocol))).toEqual(new Set(["file:"]))
    expect(watched.faults).toEqual([])
    const blocked = await page.evaluate("fetch('https://store.example/').then(() => 'sent', () => 'refused')")
    expect(blocked).toBe("refused")
    expect(watched.faults.some((fault) => fault.includes("Content Security Policy"))).toBe(true)
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme })
      await shown("case.wkbundle", good.text, { anchors: good.checkpoint })
      expect(await violations(page)).toEqual([])
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true)
      await page.screenshot({ path: join(artefacts(), `verify-${colorScheme}.png`), fullPage: true })
    }
    await page.emulateMedia({ colorScheme: "light" })
    await shown("case.wkbundle", forged(good.text, '"value":"asha"', '"value":"meena"'))
    await page.screenshot({ path: join(artefacts(), "verify-edited.png"), fullPage: true })
  })

  it("shows how far it is while a large bundle is read", async () => {
    await page.evaluate(
      "window.seen = []; new MutationObserver(() => seen.push(told.textContent)).observe(told, { childList: true, characterData: true, subtree: true })",
    )
    const megabytes = Number(process.env.WARDKEEP_PAGE_MEGABYTES ?? 3)
    const text = sealed(Math.ceil((megabytes * 1_000_000) / 720)).text
    expect(await shown("large.wkbundle", text)).toContain("OK")
    const seen = (await page.evaluate("seen")) as string[]
    process.stdout.write(`${await page.locator("#told").textContent()}\n`)
    expect(seen.some((line) => /^\d+\.\d MB of \d+\.\d MB verified$/.test(line))).toBe(true)
  })
})
