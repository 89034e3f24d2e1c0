import { type Decision, decide, publishNotice, serveNotice } from "@wardkeep/consent"
import { beforeAll, describe, expect, it } from "vitest"
import { notice, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { nameOf } from "../../commands/matrix/cells/attempts.js"
import { matrixTests } from "../../commands/matrix/cells/matrix-tests.js"
import { type Why, why } from "../../commands/matrix/why.js"

const database = useDatabase()
const used = useConsenting(database)
const adult = (n: number): string => used.clinic.adults[n] ?? ""
const connection = () => ({ databaseUrl: database.url(used.clinic.logins.migrator), env: {} })

async function tried(): Promise<{ open: string[]; names: string[]; details: Map<string, string> }> {
  const { policy, logins, branches } = used.clinic
  const appUrl = database.url(logins.app)
  const { cases } = await matrixTests({ policy, connection: connection(), appUrl, branch: branches[0].branch })
  const names = cases.map((one) => `${one.verdict} ${nameOf(one)}`)
  const details = new Map(cases.map((one) => [nameOf(one), one.detail]))
  return { names, details, open: names.filter((text) => !text.startsWith("PASSED")) }
}

async function say(subject: string, decisions: Record<string, Decision>, published: string): Promise<void> {
  const { wk, session } = used.clinic
  await wk.run(await session("desk", "care"), async () => {
    const how = { subject, notice: published, language: "ta", channel: "desk", evidence: "form 17" } as const
    await serveNotice(wk, how)
    await decide(wk, { ...how, method: "signature", decisions })
  })
}

let published = ""
beforeAll(async () => {
  const { wk, session } = used.clinic
  published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
})

describe("the matrix of a clinic with a consent ledger", () => {
  it("does not pass what waits for a yes that nobody gave, and fails nothing", async () => {
    const { names, open, details } = await tried()
    expect(open.filter((text) => text.startsWith("FAILED"))).toEqual([])
    expect(open).toContain("INCONCLUSIVE caller · read public.patient · own branch: allowed")
    expect(details.get("caller · read public.patient · own branch: allowed")).toMatch(
      /outreach reaches only whose person lets it$/,
    )
    expect(open).toContain("INCONCLUSIVE desk · read public.patient · own branch, for outreach: allowed")
    expect(open).toContain(
      "INCONCLUSIVE desk · read public.patient · own branch, for reminders, kept from it by the person: refused",
    )
    for (const name of [
      "desk · update public.patient.wk_consent · any row: refused",
      "desk · update public.visit.wk_consent_until · any row: refused",
      "desk · update public.patient.full_name · any row: allowed",
      "desk · update public.patient · own branch: allowed",
      "caller · read public.patient · own branch, for outreach, kept from it by the person: refused",
      "campaign (service) · read public.patient · own branch, for outreach, kept from it by the person: refused",
    ])
      expect(names).toContain(`PASSED ${name}`)
  })

  it("tries each purpose on whom it reaches and on whom it does not, once people have decided", async () => {
    await say(adult(0), { outreach: "granted", research: "granted", reminders: "objected" }, published)
    const { names, open } = await tried()
    expect(open).toEqual([])
    for (const name of [
      "caller · read public.patient · own branch: allowed",
      "desk · read public.visit · sibling branch: refused",
      "caller · read public.visit · sibling branch, outside the condition too: refused",
      "caller · read public.visit · own branch, for research, kept from it by the person: refused",
      "caller · read public.visit · own branch, for research: allowed",
      "desk · delete public.visit · own branch, for reminders: allowed",
      "desk · update public.visit · own branch, for reminders, kept from it by the person: refused",
      "desk · create public.visit · own branch, for outreach, kept from it by the person: refused",
    ])
      expect(names).toContain(`PASSED ${name}`)
  })

  it("notices a wall that is gone", async () => {
    await used.clinic.admin("drop policy wk_consent on visit")
    const { open } = await tried()
    expect(open).toEqual(
      expect.arrayContaining([
        "FAILED caller · read public.visit · own branch, for outreach, kept from it by the person: refused",
        "FAILED desk · read public.visit · own branch, for reminders, kept from it by the person: refused",
      ]),
    )
    expect(open.filter((text) => !text.includes("kept from it by the person"))).toEqual([])
  })

  it.each<[string, string, number, "allow" | "deny", boolean | null | undefined]>([
    ["caller", "outreach", 0, "allow", true],
    ["caller", "outreach", 1, "deny", false],
    ["desk", "reminders", 0, "deny", false],
    ["desk", "reminders", 1, "allow", true],
    ["desk", "care", 1, "allow", true],
  ])("why: %s for %s, patient %i: %s", async (as, purpose, n, effect, holds) => {
    const found = await asked(as, purpose, adult(n))
    expect([found.effect, found.layers.find(({ layer }) => layer === "consent")?.holds]).toEqual([effect, holds])
  })

  it("why: what time has ended reaches nobody, and what has no end still does", async () => {
    const later = await asked("caller", "outreach", adult(0), new Date("2199-01-01T00:00:00Z"))
    expect(later.effect).toBe("allow")
    await say(adult(2), { outreach: { kind: "granted", until: new Date("2190-01-01T00:00:00Z") } }, published)
    expect((await asked("caller", "outreach", adult(2))).effect).toBe("allow")
    expect((await asked("caller", "outreach", adult(2), new Date("2199-01-01T00:00:00Z"))).effect).toBe("deny")
  })
})

async function asked(as: string, purpose: string, id: string, now?: Date): Promise<Why> {
  const { policy, branches } = used.clinic
  const question = { as, branch: branches[0].branch, action: "read", row: `patient:${id}`, purpose }
  return await why({ policy, connection: connection(), ...question, ...(now && { now }) })
}
