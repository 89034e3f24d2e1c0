import { useDatabase } from "@wardkeep/harness/use-database"
import { afterAll, beforeAll, expect, test } from "vitest"
import { liftNarrowing, narrowRole } from "wardkeep"
import { grantAsOwner } from "wardkeep/migrate"
import type { Part } from "../data/people.js"
import { connected } from "../database/connected.js"
import type { Browser } from "../demo/browser.js"
import { type Target, targetIn } from "../demo/target.js"
import { actorOf } from "../login/actor.js"
import { currentCode } from "../login/second-factor.js"
import policy from "../policy.js"
import { clinicTemplate, openClinic, type TestClinic } from "../testing/open-clinic.js"

const database = useDatabase({ template: clinicTemplate })
const minutes = 60_000
const parts = ["reception", "nurse", "doctor", "billing", "owner"] as const
const browsers = new Map<Part, Browser>()
let clinic: TestClinic
let own: Target

const as = (part: Part): Browser => browsers.get(part)!

/** Everybody signs in twenty minutes ago by both clocks: the database's is the real one, and cannot be moved. */
beforeAll(async () => {
  clinic = await openClinic(database)
  clinic.advance(8 * 60 * minutes - 22 * minutes)
  for (const part of parts) browsers.set(part, await clinic.signIn(clinic.people[part]))
  clinic.advance(10 * minutes)
  for (const part of parts) await as(part).must("GET", "/me")
  clinic.advance(8 * minutes)
  own = targetIn(clinic.world, clinic.people.doctor.branches[0]!)
})
afterAll(() => clinic.close())

test("a refusal says why in the policy file's words, and holds nothing of the row or of the request", async () => {
  const { patient, rows } = own
  const cases = [
    [
      "billing",
      "PATCH",
      `/prescriptions/${rows.prescription}`,
      { days: 3 },
      "no-cell",
      "update prescription: not at all",
    ],
    ["nurse", "PATCH", `/patients/${patient.id}`, { address: "12 Secret Road" }, "column-hidden", "not these fields"],
    ["reception", "GET", `/patients/${patient.id}/notes`, undefined, "no-cell", "read clinical_note: not at all"],
    ["nurse", "GET", "/invoices/export", undefined, "no-cell", "export invoice: not at all"],
  ] as const
  for (const [part, method, path, body, reason, words] of cases) {
    const reply = await as(part).send(method, path, body)
    expect([path, reply.status, reply.body]).toMatchObject([path, 403, { code: "forbidden", reason }])
    expect(reply.body.message).toContain(words)
    expect(reply.body.message).toContain(`As ${part} `)
    expect(reply.text).not.toMatch(new RegExp(`Secret|${patient.full_name}|${patient.phone.slice(1)}`))
  }
})

test("the menu is booleans only, and is not sent again while it stays the same", async () => {
  const { could } = await as("reception").must("GET", "/me/menu")
  const menu = could as Record<string, Record<string, unknown>>
  expect(menu["public.patient"]).toMatchObject({ read: true, create: true, delete: false })
  expect(menu["public.clinical_note"]).toBeUndefined()
  const values = Object.values(menu).flatMap((actions) => Object.values(actions))
  expect(values.filter((value) => typeof value !== "boolean")).toEqual([])
  const etagOf = async (part: Part) => /^etag: (.+)$/m.exec((await as(part).send("GET", "/me/menu")).text)?.[1] ?? ""
  const etag = await etagOf("reception")
  const again = await as("reception").send("GET", "/me/menu", undefined, { "if-none-match": etag })
  expect([again.status, again.body]).toEqual([304, {}])
  const other = await as("nurse").send("GET", "/me/menu", undefined, { "if-none-match": etag })
  expect(other.status).toBe(200)
})

test("the menu leaves out what the clinic took from the role", async () => {
  const invoices = async () => Object((await as("billing").must("GET", "/me/menu")).could)["public.invoice"]
  expect(await invoices()).toMatchObject({ read: true, create: true })
  // An owner of the whole clinic: the cast's owner holds two branches of three, and is refused that.
  const { owner } = clinic.people
  const taken = { role: "billing", taken: { action: "create", table: "public.invoice" } } as const
  const reason = "invoices come from head office"
  const asOwner = async <T>(actor: string, work: () => Promise<T>): Promise<T> => {
    const session = await clinic.issuer.issueSession({ actor, ttl: "PT10M", mfaAt: new Date() })
    return await clinic.wk.run(session, work)
  }
  const narrow = (actor: string) => asOwner(actor, () => narrowRole(clinic.wk, policy, { ...taken, reason }))
  await expect(narrow(actorOf(owner.id))).rejects.toMatchObject({ code: "WK206" })
  const whole = actorOf("founder")
  const grant = { actor: whole, role: "owner", scope: "all", reason: "founder" } as const
  await connected(clinic.migratorUrl, (client) => grantAsOwner({ client, policy, tenant: owner.clinic.id, ...grant }))
  await narrow(whole)
  expect(await invoices()).toMatchObject({ read: true, create: false })
  const refused = await as("billing").send("POST", `/patients/${own.patient.id}/invoices`, { number: "N-1", amount: 1 })
  expect(refused.status).toBe(403)
  expect(await asOwner(whole, () => liftNarrowing(clinic.wk, policy, { ...taken, reason }))).toBe(true)
  // An open session only ever loses; the next one has it again.
  expect(await invoices()).toMatchObject({ read: true, create: false })
})

test("an export asks for a recent factor, says which and how recent, and a new code lifts it, once", async () => {
  const { billing } = clinic.people
  const refused = await as("billing").send("GET", "/invoices/export")
  const needed = { code: "second_factor", reason: "second-factor", factor: "totp", maxAgeSeconds: 900 }
  expect([refused.status, refused.body]).toMatchObject([401, needed])
  expect((await as("billing").send("GET", "/patients")).status).toBe(200)
  const { cookie: old } = as("billing")
  const wrong = await as("billing").send("POST", "/me/second-factor", { code: "000000" })
  expect([wrong.status, wrong.body.code]).toEqual([401, "wrong_credentials"])
  const code = currentCode(billing.totpSecret, clinic.now())
  await as("billing").must("POST", "/me/second-factor", { code })
  const { invoices } = await as("billing").must("GET", "/invoices/export")
  expect(invoices).not.toHaveLength(0)
  const before = await fetch(`${clinic.origin}/patients`, { headers: { cookie: old } })
  expect(before.status).toBe(401)
  const again = await as("billing").send("POST", "/me/second-factor", { code })
  expect([again.status, again.body.code]).toEqual([401, "wrong_credentials"])
})

test("what the database asks a recent factor for is lifted in the same way", async () => {
  const note = await as("doctor").must("POST", `/patients/${own.patient.id}/notes`, { diagnosis: "x", body: "x" })
  const file = { file_name: "x.pdf", media_type: "application/pdf", bytes: 1 }
  const attached = await as("doctor").must("POST", `/notes/${String(note.id)}/attachments`, file)
  const path = `/attachments/${String(attached.id)}`
  const refused = await as("doctor").send("DELETE", path)
  expect([refused.status, refused.body]).toMatchObject([401, { code: "second_factor", maxAgeSeconds: 900 }])
  const code = currentCode(clinic.people.doctor.totpSecret, clinic.now())
  await as("doctor").must("POST", "/me/second-factor", { code })
  expect((await as("doctor").send("DELETE", path)).status).toBe(200)
})

test("neither a header nor somebody else's code is a second factor, and guessing is counted", async () => {
  const now = new Date(clinic.now()).toISOString()
  const forged = await as("owner").send("GET", `/invoices/export?mfaAt=${now}`, undefined, { "x-mfa-at": now })
  expect([forged.status, forged.body.code]).toEqual([401, "second_factor"])
  const statuses: number[] = []
  const code = currentCode(clinic.people.nurse.totpSecret, clinic.now())
  for (let turn = 0; turn < 6; turn++)
    statuses.push((await as("owner").send("POST", "/me/second-factor", { code })).status)
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
  expect((await as("owner").send("GET", "/invoices/export")).status).toBe(401)
})
