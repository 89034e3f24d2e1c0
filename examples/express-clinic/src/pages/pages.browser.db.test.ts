import { createHash } from "node:crypto"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { useDatabase } from "@wardkeep/harness/use-database"
import type { Browser, BrowserContext, Locator, Page } from "playwright-core"
import { afterAll, beforeAll, expect, test } from "vitest"
import { requests } from "wardkeep/consent"
import type { Part, Person } from "../data/people.js"
import type { Browser as Asker } from "../demo/browser.js"
import { sessionCookie } from "../http/cookie.js"
import { actorOf } from "../login/actor.js"
import { idleLimit } from "../login/store.js"
import { artefacts, startChromium, violations, type Watched, watch } from "../testing/chromium.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"
import { measureParity } from "../testing/parity.js"
import { whileSealing } from "../testing/sealing.js"
import { type Language, languages } from "./words/index.js"

const database = useDatabase({ template: clinicTemplate })
const { en, ur, ta } = languages
const people = new Map<Part, { context: BrowserContext; page: Page }>()
/** Of every browser, the closed ones too: the last test judges all that was asked for. */
const seen: Watched[] = []
const askers = new Map<Part, Asker>()
let clinic: TestClinic
let chromium: Browser

const phone = { width: 360, height: 740 }

/** A browser in which nobody is signed in. */
async function stranger(into = seen): Promise<Page> {
  const context = await chromium.newContext({ viewport: phone, locale: "en-IN" })
  context.setDefaultTimeout(15_000)
  into.push(watch(context))
  return await context.newPage()
}

/** A person's browser; signed in over the API, as the pages' own sign-in is tried once and costs two hashes. */
async function sit(part: Part): Promise<Page> {
  const page = await stranger()
  const context = page.context()
  const value = sessionCookie((await asker(part)).cookie) ?? ""
  await context.addCookies([{ name: "clinic_session", value, url: clinic.origin }])
  people.set(part, { context, page })
  return page
}

async function asker(part: Part): Promise<Asker> {
  const known = askers.get(part)
  if (known !== undefined) return known
  const made = await clinic.signIn(clinic.people[part])
  askers.set(part, made)
  return made
}

const at = async (part: Part): Promise<Page> => people.get(part)?.page ?? (await sit(part))
const go = async (page: Page, path: string): Promise<number> => (await page.goto(clinic.origin + path))?.status() ?? 0
const subjectOf = (part: Part): string => clinic.people[part].subject ?? ""
const text = (page: Page): Promise<string> => page.innerText("main")
const yes = (purpose: string): string => `[name="choice.${purpose}"][value="yes"]`
const no = (purpose: string): string => `[name="choice.${purpose}"][value="no"]`
const card = (page: Page, purpose: string) => page.locator(`[data-purpose="${purpose}"]`)

/** Whom a role whose purpose waits for consent is shown: the next statement on another connection. */
async function shown(part: "researcher" | "outreach"): Promise<unknown[]> {
  const { patients } = await (await asker(part)).must("GET", "/patients")
  return Array.isArray(patients) ? patients.map(({ id }) => id) : []
}

async function downloaded(page: Page, link: Locator): Promise<string> {
  const [file] = await Promise.all([page.waitForEvent("download"), link.click()])
  return await new Response((await file.createReadStream()) as never).text()
}

const sha256 = (content: string): string => createHash("sha256").update(content).digest("hex")

async function signInByHand(page: Page, person: Person): Promise<void> {
  const { currentCode } = await import("../login/second-factor.js")
  clinic.advance(30_000)
  await page.fill("#email", person.email)
  await page.fill("#password", person.password)
  await page.click("form.card button")
  await page.fill("#code", currentCode(person.totpSecret, clinic.now()))
  await page.click("form.card button")
}

beforeAll(async () => {
  ;[clinic, chromium] = await Promise.all([openClinic(database), startChromium()])
  const privacy = await at("privacy")
  await go(privacy, "/pages/desk")
  await privacy.click(`text=${en.publish}`)
  expect(await text(privacy)).toContain(en.published)
})
afterAll(async () => {
  await chromium?.close()
  await clinic?.close()
})

test("nothing is chosen beforehand; a yes shows the person to research on the next statement, a withdrawal hides it", async () => {
  const page = await at("patient")
  await go(page, "/pages/consent")
  expect(await page.locator("input:checked").count()).toBe(0)
  expect(await text(page)).toContain(en.noticeComplain)
  await page.click("#save")
  expect(await text(page)).toContain(en.nothingChosen)
  expect(await shown("researcher")).toEqual([])
  await page.click(yes("research"))
  await page.click("#save")
  expect(await card(page, "research").innerText()).toContain(en.granted)
  expect(await shown("researcher")).toEqual([subjectOf("patient")])
  expect(await shown("outreach")).toEqual([])
  await card(page, "research").getByRole("button").click()
  expect(await page.innerText("#said")).toContain(en.withdrawnNow)
  expect(await shown("researcher")).toEqual([])
})

test("taking a yes back costs no more pages, steps, clicks and keys than giving it", async () => {
  const page = await at("patient")
  const parity = await measureParity(page, () => go(page, "/pages/consent"), "outreach", 5)
  writeFileSync(join(artefacts(), "parity.json"), `${JSON.stringify(parity, null, 1)}\n`)
  for (const name of ["pages", "steps", "clicks", "keystrokes"] as const) {
    expect(parity.give[name], name).toBeGreaterThan(0)
    expect(parity.withdraw[name], name).toBeGreaterThan(0)
    expect(parity.ratio[name], name).toBeLessThanOrEqual(1)
  }
  expect(parity.ratio.milliseconds).toBeGreaterThan(0)
})

test("a no does not touch care, and the keyboard alone is enough", async () => {
  const page = await at("patientTwo")
  await go(page, "/pages/consent")
  await page.keyboard.press("Tab")
  expect(await page.evaluate("document.activeElement.className")).toBe("skip")
  await page.focus(no("research"))
  await page.keyboard.press("Space")
  // Enter in a choice saves; it neither changes the language nor signs out.
  await page.keyboard.press("Enter")
  await page.waitForSelector("#said")
  expect(await card(page, "research").innerText()).toContain(en.refusedState)
  expect(await page.getAttribute("html", "lang")).toBe("en")
  const seen = await (await asker("doctor")).must("GET", `/patients/${subjectOf("patientTwo")}`)
  expect(seen.id).toBe(subjectOf("patientTwo"))
  await (await asker("doctor")).must("GET", `/patients/${subjectOf("patientTwo")}/notes`)
})

test("another language keeps what is chosen, is read from right to left where it is, and is remembered", async () => {
  const page = await at("patientThree")
  await go(page, "/pages/consent")
  await page.click(yes("outreach"))
  await page.click("button[lang=ur]")
  expect(await page.getAttribute("html", "dir")).toBe("rtl")
  expect(await page.isChecked(yes("outreach"))).toBe(true)
  expect(await page.innerText("h1")).toBe(ur.consent)
  await page.click("#save")
  expect(await card(page, "outreach").innerText()).toContain(ur.granted)
  await go(page, "/pages/requests")
  expect(await page.innerText("h1")).toBe(ur.requests)
  await page.check('[value="correction"]')
  await page.fill("#what", "phone number")
  await page.click("button[lang=ta]")
  expect(await page.isChecked('[value="correction"]')).toBe(true)
  expect(await page.inputValue("#what")).toBe("phone number")
  expect(await page.innerText("h1")).toBe(ta.requests)
  expect(await go(page, "/pages/requests?lang=xx")).toBe(400)
  expect(await text(page)).toContain(en.unknownLanguage)
  await page.click("a[lang=en]")
  expect(await page.innerText("h1")).toBe(en.requests)
})

test("two windows that contradict: the second is told, and loses nothing", async () => {
  const first = await at("patientTwo")
  const second = (await people.get("patientTwo")?.context.newPage())!
  await go(first, "/pages/consent")
  await go(second, "/pages/consent")
  await first.click(yes("research"))
  await first.click("#save")
  await second.click(no("research"))
  await second.click(no("outreach"))
  await second.click("#save")
  expect(await text(second)).toContain(en.stale)
  expect(await card(second, "research").innerText()).toContain(en.granted)
  expect(await second.isChecked(no("outreach"))).toBe(true)
  expect(await shown("researcher")).toEqual([subjectOf("patientTwo")])
  // Two windows that take the same yes back: nothing to complain of.
  await go(first, "/pages/consent")
  await card(second, "research").getByRole("button").click()
  await second.waitForSelector("#said")
  await card(first, "research").getByRole("button").click()
  expect(await text(first)).toContain(en.nothingToWithdraw)
  expect(await shown("researcher")).toEqual([])
  await second.close()
})

test("a question that is not in the notice, or a form of another notice, is refused, and nothing of it is saved", async () => {
  const page = await at("patientTwo")
  await go(page, "/pages/consent")
  await page.evaluate("document.querySelector('[name=\"choice.outreach\"]').name = 'choice.marketing'")
  await page.click('[name="choice.marketing"]')
  await page.click(yes("research"))
  await page.click("#save")
  expect(await text(page)).toContain(en.notInNotice)
  await page.evaluate("document.querySelector('[name=notice]').value = 'old'")
  await page.click("#save")
  expect(await text(page)).toContain(en.newNotice)
  expect(await page.isChecked(yes("research"))).toBe(true)
  expect(await shown("researcher")).toEqual([])
})

test("a session that is over in the middle of a form: sign in, and it is all there, unsaved; for nobody else", async () => {
  const page = await at("patientThree")
  const over = async (): Promise<void> => {
    await go(page, "/pages/requests")
    await page.check('[value="grievance"]')
    await page.fill("#what", "nobody called back")
    clinic.advance(idleLimit + 1000)
    await page.click("#ask button:not(.first)")
    expect(await text(page)).toContain(en.sessionOver)
  }
  await over()
  await signInByHand(page, clinic.people.patientThree)
  expect(await text(page)).toContain(en.keptHint)
  await page.click("main button")
  expect(await page.inputValue("#what")).toBe("nobody called back")
  expect(await page.locator("[data-request]").count()).toBe(0)
  await page.click("#ask button:not(.first)")
  expect(await page.innerText("#said")).toContain(en.sent)
  expect(await page.innerText("[data-request]")).toContain("nobody called back")
  await over()
  await signInByHand(page, clinic.people.childPatient)
  expect(await text(page)).toContain(en.otherPerson)
  expect(await page.content()).not.toContain("nobody called back")
  // Everybody idled for as long.
  askers.clear()
  for (const { context } of people.values()) await context.close()
  people.clear()
})

test("another patient sees nothing of it, and no page of the desk", async () => {
  const page = await at("patientTwo")
  await go(page, "/pages/requests")
  expect(await page.locator("[data-request]").count()).toBe(0)
  for (const path of ["/pages/desk", `/pages/desk/patients/${subjectOf("patientThree")}`])
    expect(await go(page, path)).toBe(403)
  const other = await (await asker("patientTwo")).send("GET", `/patients/${subjectOf("patientThree")}`)
  expect(other.status).toBe(404)
})

test("a child's yes comes from a parent at the desk, with how that was verified; the child can take it back", async () => {
  const desk = await at("reception")
  const child = await at("childPatient")
  await go(child, "/pages/consent")
  expect(await text(child)).toContain(en.child)
  expect(await child.locator("input[type=radio]").count()).toBe(0)
  await go(desk, `/pages/desk/patients/${subjectOf("childPatient")}`)
  expect(await card(desk, "research").innerText()).toContain(en.childForbidden)
  await desk.click(yes("outreach"))
  await desk.check('[name=method][value="signature"]')
  await desk.click("#save")
  expect(await text(desk)).toContain(en.needsParent)
  expect(await shown("outreach")).not.toContain(subjectOf("childPatient"))
  await desk.check('[name=by][value="parent"]')
  await desk.check('[name=how][value="identity_held"]')
  await desk.fill("#who", "mother, file 12")
  await desk.fill("#evidence", "form 17")
  await desk.click("#save")
  expect(await card(desk, "outreach").innerText()).toContain(en.granted)
  expect(await shown("outreach")).toContain(subjectOf("childPatient"))
  await go(child, "/pages/consent")
  await card(child, "outreach").getByRole("button").click()
  await child.waitForSelector("#said")
  expect(await shown("outreach")).not.toContain(subjectOf("childPatient"))
})

test("the desk sees what is due, checks who asks, decides with a reason, and hands over the answer", async () => {
  const page = await at("patient")
  await go(page, "/pages/requests")
  await page.check('[value="access"]')
  await page.click("#ask button:not(.first)")
  const privacy = await at("privacy")
  await go(privacy, "/pages/desk")
  expect(await text(privacy)).toContain(en.kinds.grievance)
  await privacy.click(`text=${en.kinds.access}`)
  await privacy.check('[name=outcome][value="fulfilled"]')
  await privacy.fill("#words", "Here it is.")
  await privacy.click("#decide button:not(.first)")
  expect(await text(privacy)).toContain("nobody checked who asks")
  expect(await privacy.inputValue("#words")).toBe("Here it is.")
  await privacy.fill("#how", "identity card seen")
  await privacy.fill("#evidence", "note 4")
  await privacy.click("#identify button:not(.first)")
  await privacy.check('[name=outcome][value="fulfilled"]')
  await privacy.fill("#words", "Here it is.")
  await privacy.click("#decide button:not(.first)")
  await privacy.click(`text=${en.packGather}`)
  expect(await violations(privacy)).toEqual([])
  const answer = await downloaded(privacy, privacy.getByText(en.packHtml))
  expect(answer).toContain(subjectOf("patient"))
  expect(answer).not.toContain(subjectOf("patientTwo"))
  const document = await downloaded(privacy, privacy.getByText(en.packJson))
  expect(JSON.parse(document).held["public.patient"]).toMatchObject([{ id: subjectOf("patient") }])
  expect(answer).toContain(`a file with the SHA-256 ${sha256(document)}.`)
  const { request } = JSON.parse(document)
  const session = await clinic.issuer.issueSession({
    actor: actorOf(clinic.people.privacy.id),
    mfaAt: new Date(),
    ttl: "PT10M",
  })
  const acts = await clinic.wk.run(session, () => requests(clinic.wk))
  const answers = acts.filter((one) => one.request === request && one.kind === "answered")
  expect(answers.map(({ detail }) => detail.sha256)).toEqual([sha256(answer)])
  await privacy.click("a[lang=ta]")
  expect(await privacy.innerText("h1")).toBe(ta.kinds.access)
  await privacy.click("a[lang=en]")
  await go(page, "/pages/requests")
  expect(await page.innerText("[data-request]")).toContain("Here it is.")
  expect(await page.innerText("[data-request]")).toContain(en.step.answered)
})

/** Whom pages asked besides the clinic: what a link carries in itself is nobody. */
const elsewhere = ({ requests: urls }: Watched): string[] =>
  urls.filter((url) => !url.startsWith(`${clinic.origin}/`) && !url.startsWith("data:"))

/** Everything that a person reads here, in each language, by day and by night; what is looked at is kept as pictures. */
async function lookAt(part: Part | undefined, paths: Readonly<Record<string, string>>): Promise<string[]> {
  const page = part === undefined ? await stranger() : await at(part)
  const found: string[] = []
  for (const [name, path] of Object.entries(paths))
    for (const language of Object.keys(languages) as Language[]) {
      const status = await go(page, `${path}?lang=${language}`)
      if (status !== 200) found.push(`${name}: ${status}`)
      if (await page.evaluate("document.documentElement.scrollWidth > innerWidth"))
        found.push(`${name} ${language}: too wide`)
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme })
        found.push(...(await violations(page)).map((one) => `${name} ${language} ${colorScheme}: ${one}`))
        const isKept = (language === "en" || language === "hi") === (colorScheme === "light")
        const file = join(artefacts(), `${name}-${language}-${colorScheme}.png`)
        if (isKept) await page.screenshot({ path: file, fullPage: true })
      }
    }
  if (part === undefined) await page.context().close()
  return found
}

test("no page has a fault that axe finds, is wider than a phone or runs a script", async () => {
  const page = await at("patientThree")
  await go(page, "/pages/requests")
  await page.check('[value="erasure"]')
  await page.click("#ask button:not(.first)")
  const privacy = await at("privacy")
  await go(privacy, "/pages/desk")
  const request = await privacy.getAttribute(`text=${en.kinds.erasure}`, "href")
  const found = await Promise.all([
    lookAt(undefined, { "sign-in": "/pages/sign-in" }),
    lookAt("patientThree", { choices: "/pages/consent", requests: "/pages/requests" }),
    lookAt("privacy", { desk: "/pages/desk", request: request ?? "" }),
    lookAt("reception", { "desk-choices": `/pages/desk/patients/${subjectOf("childPatient")}` }),
  ])
  expect(found.flat()).toEqual([])
  const policy = (await (await fetch(`${clinic.origin}/pages/sign-in`)).headers).get("content-security-policy")
  expect(policy).toMatch(/^default-src 'none'; style-src 'self';/)
  // Each guard fires on what it is for.
  const spoilt: Watched[] = []
  const other = await stranger(spoilt)
  await go(other, "/pages/sign-in?lang=en")
  await other.evaluate("document.querySelector('label').remove(); document.body.style.width = '700px'")
  expect(await violations(other)).not.toEqual([])
  await other.evaluate(
    "document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }))",
  )
  expect(await other.evaluate("window.ran")).toBeUndefined()
  expect(spoilt.flatMap(({ faults }) => faults).join()).toContain("Content Security Policy")
  expect(spoilt.flatMap(elsewhere)).toEqual([])
  await other.route("https://elsewhere.example/", (route) => route.abort())
  await other.goto("https://elsewhere.example/").catch(() => undefined)
  expect(spoilt.flatMap(elsewhere)).toEqual(["https://elsewhere.example/"])
  await other.context().close()
})

test("an erasure is decided with what is kept and who stands for it, carried out, and certified", async () => {
  const privacy = await at("privacy")
  await go(privacy, "/pages/desk?lang=en")
  await privacy.click(`text=${en.kinds.erasure}`)
  await privacy.fill("#how", "identity card seen")
  await privacy.fill("#evidence", "note 5")
  await privacy.click("#identify button:not(.first)")
  await privacy.check('[name=outcome][value="partly"]')
  await privacy.fill("#words", "It is done.")
  const decide = () => privacy.click("#decide button:not(.first)")
  await decide()
  expect(await text(privacy)).toContain("lacks: reason")
  await privacy.check('[name=outcome][value="fulfilled"]')
  expect(await privacy.locator("[name=keep]:checked").count()).toBe(0)
  await decide()
  expect(await text(privacy)).toContain("names what is kept")
  await privacy.check('[name=keep][value="inpatient"]')
  await decide()
  expect(await text(privacy)).toContain("WK561")
  expect(await privacy.inputValue("#words")).toBe("It is done.")
  await privacy.check('[name=keep][value="nothing"]')
  await decide()
  const doctor = await (await asker("doctor")).send("GET", `/patients/${subjectOf("patientThree")}`)
  expect(doctor.status).toBe(404)
  await whileSealing(clinic.migratorUrl, () => privacy.click(`text=${en.certificate}`))
  expect(await privacy.innerText("h1")).toBe(en.certificateTitle)
  expect(await text(privacy)).toMatch(/public\.patient\n1\n/)
  await privacy.screenshot({ path: join(artefacts(), "certificate-en.png"), fullPage: true })
})

test("a form of another site is not answered", async () => {
  const { cookie } = await asker("patientTwo")
  const body = new URLSearchParams({ withdraw: "research" })
  for (const headers of [{ "sec-fetch-site": "cross-site" }, { origin: "https://elsewhere.example" }, {}])
    expect(
      (await fetch(`${clinic.origin}/pages/consent`, { method: "POST", headers: { cookie, ...headers }, body })).status,
    ).toBe(403)
})

test("in all of it no page had a fault, and none asked anybody else", () => {
  expect(seen.flatMap(({ faults }) => faults)).toEqual([])
  expect(seen.flatMap(elsewhere)).toEqual([])
  // Signed in, signed out for being idle, signed in again, and nobody.
  expect(seen.length).toBeGreaterThan(people.size)
  expect(seen.filter(({ requests: urls }) => urls.length === 0)).toEqual([])
})
