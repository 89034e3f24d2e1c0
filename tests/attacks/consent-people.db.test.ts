import { randomUUID } from "node:crypto"
import {
  consentAt,
  type Decided,
  endDue,
  history,
  proveConsent,
  publishNotice,
  type Representation,
  recordEmergency,
  represent,
} from "@wardkeep/consent"
import { compileMatrix, decide as decideInCode } from "@wardkeep/permissions"
import type { Session } from "@wardkeep/postgres"
import { beforeAll, describe, expect, it } from "vitest"
import { notice, said, served, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useConsenting(database)
let desk: Session
let caller: Session
let published = ""

beforeAll(async () => {
  const { wk, session } = used.clinic
  desk = await session("desk", "care")
  caller = await session("caller", "outreach")
  published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
})

const serve = (subject: string, over = {}, as = desk, of = published) => served(used.clinic, as, of, subject, over)
const say = (subject: string, decisions: Decided["decisions"], over: Partial<Decided> = {}, as = desk) =>
  said(used.clinic, as, published, subject, decisions, over)
const stands = (subject: string, over: Partial<Representation> = {}, as = desk) =>
  used.clinic.wk.run(as, () =>
    represent(used.clinic.wk, { subject, as: "parent", who: "mother", how: "token", evidence: "file", ...over }),
  )
const born = (years: number): string => `${new Date().getUTCFullYear() - years}-01-01`
const setBorn = (subject: string, day: string) =>
  used.clinic.wk.run(desk, () => used.clinic.wk.query("update patient set born_on = $2 where id = $1", [subject, day]))
const reached = async (subject: string): Promise<boolean> => {
  const text = "select from patient where id = $1"
  return (await used.clinic.wk.run(caller, () => used.clinic.wk.query(text, [subject]))).rowCount === 1
}
const refused = (work: Promise<unknown>, words: RegExp) =>
  expect(work).rejects.toMatchObject({ code: "WK503", message: expect.stringMatching(words) })

describe("a key in other letters", () => {
  it("is the same person: an objection under it holds", async () => {
    const subject = await used.clinic.person(born(40))
    const reminders = await used.clinic.session("desk", "reminders")
    const text = "select from patient where id = $1"
    const reminded = async () =>
      (await used.clinic.wk.run(reminders, () => used.clinic.wk.query(text, [subject]))).rowCount
    expect(await reminded()).toBe(1)
    const [event = ""] = await say(subject.toUpperCase(), { reminders: "objected" })
    expect(await reminded()).toBe(0)
    for (const key of [subject, subject.toUpperCase(), `{${subject}}`]) {
      expect(await used.clinic.wk.run(desk, () => history(used.clinic.wk, key))).toHaveLength(1)
      const proof = await used.clinic.wk.run(desk, () => proveConsent(used.clinic.wk, { subject: key, event }))
      expect(proof).toMatchObject({ subject, events: [{ part: "decision", id: event }] })
    }
    const portal = await used.clinic.session("portal", "care", { subjects: [subject] })
    const own = await used.clinic.wk.run(portal, () => history(used.clinic.wk, subject.toUpperCase()))
    expect(own.map(({ kind }) => kind)).toEqual(["objected"])
  })
})

describe("the event of somebody else", () => {
  it("is not told by a proof, and not whether there is one", async () => {
    const subject = await used.clinic.person(born(40))
    const far = await used.clinic.session("desk", "care", { branch: 2 })
    const foreign = await used.clinic.wk.run(far, () =>
      recordEmergency(used.clinic.wk, { subject: used.clinic.elsewhere, reason: "secret" }),
    )
    for (const representation of [foreign, randomUUID()]) {
      const named = { representation } as object
      await refused(say(subject, { reminders: "objected" }, named), /names a representation/)
      await refused(serve(subject, named), /names a representation/)
      await refused(stands(subject, { as: "guardian", how: "court", ...named }), /names a representation/)
      await refused(say(subject, { reminders: "objected" }, { by: "guardian", ...named }), /nobody was verified/)
    }
    // One that was written before this was refused is not told either.
    const [event = ""] = await say(subject, { reminders: "objected" })
    await used.clinic.admin("alter table wardkeep_consent.event disable trigger event_kept")
    await used.clinic.admin("update wardkeep_consent.event set representation = $2 where id = $1", [event, foreign])
    await used.clinic.admin("alter table wardkeep_consent.event enable trigger event_kept")
    const proof = await used.clinic.wk.run(desk, () => proveConsent(used.clinic.wk, { subject, event }))
    expect(proof.events.map(({ part }) => part)).toEqual(["decision"])
    expect(JSON.stringify(proof)).not.toContain("secret")
  })
})

describe("a child in the portal", () => {
  it("verifies no parent, ends none, speaks for none, and declares no emergency", async () => {
    const subject = await used.clinic.person(born(10))
    const portal = await used.clinic.session("portal", "care", { subjects: [subject] })
    await serve(subject, {}, portal)
    await refused(stands(subject, {}, portal), /staff does/)
    const { wk } = used.clinic
    await refused(
      wk.run(portal, () => recordEmergency(wk, { subject, reason: "x" })),
      /staff does/,
    )
    const representation = await stands(subject)
    await refused(say(subject, { outreach: "granted" }, { by: "parent", representation }, portal), /staff does/)
    const end = "select wardkeep_consent.end_representation($1, $2, 'x')"
    await refused(
      wk.run(portal, () => wk.query(end, [subject, representation])),
      /staff does/,
    )
    expect(await reached(subject)).toBe(false)
    await say(subject, { outreach: "granted" }, { by: "parent", representation })
    expect(await reached(subject)).toBe(true)
    // Ending what was given is as easy as it can be.
    await say(subject, { outreach: "withdrawn" }, { by: "parent", representation }, portal)
    expect(await reached(subject)).toBe(false)
  })
})

describe("a guardian or nominee", () => {
  it("gives no consent for a child", async () => {
    const child = await used.clinic.person(born(10))
    for (const [as, how] of [
      ["guardian", "court"],
      ["nominee", "death"],
    ] as const) {
      await refused(stands(child, { as, how }), /for a child/)
      const unknown = await used.clinic.person(null)
      await serve(unknown)
      const representation = await stands(unknown, { as, how })
      await refused(say(unknown, { outreach: "granted" }, { by: as, representation }), /for a child/)
    }
  })

  it("loses what they gave for a person who turns out to have been a child then", async () => {
    for (const [as, how] of [
      ["guardian", "court"],
      ["nominee", "incapacity"],
    ] as const) {
      const subject = await used.clinic.person(born(40))
      await serve(subject)
      const representation = await stands(subject, { as, how })
      await say(subject, { outreach: "granted" }, { by: as, representation })
      expect(await reached(subject)).toBe(true)
      await setBorn(subject, born(12))
      expect(await reached(subject)).toBe(false)
    }
  })
})

describe("consent that time ended", () => {
  it("is recorded as ended also where something else was decided in between, and stands in nobody's way", async () => {
    const { wk } = used.clinic
    const [one, other] = [await used.clinic.person(born(40)), await used.clinic.person(born(40))]
    for (const subject of [one, other]) {
      await serve(subject)
      await say(subject, { outreach: { kind: "granted", until: new Date(Date.now() + 500) } })
    }
    await new Promise((resolve) => setTimeout(resolve, 600))
    await say(one, { reminders: "objected" })
    await say(other, { outreach: "refused" })
    await wk.run(desk, () => endDue(wk))
    const kinds = async (subject: string) =>
      (await wk.run(desk, () => history(wk, subject))).map(({ kind }) => kind).slice(2)
    expect(await kinds(one)).toEqual(["objected", "expired"])
    expect(await kinds(other)).toEqual(["refused"])
    expect(await wk.run(desk, () => endDue(wk))).toBe(0)
  })
})

describe("what @wardkeep/permissions decides about a row", () => {
  it("is what the database shows, with the ledger's answer, and a denial without it", async () => {
    const { wk, policy, session, branches } = used.clinic
    const people = await Promise.all(
      ["granted", "refused", "objected", "silent"].map(() => used.clinic.person(born(40))),
    )
    const [yes = "", no = "", objecting = ""] = people
    for (const subject of [yes, no]) await serve(subject)
    await say(yes, { outreach: "granted" })
    await say(no, { outreach: "refused" })
    await say(objecting, { reminders: "objected" })
    const matrix = compileMatrix(policy)
    const [{ clinic, branch }] = branches
    const seen: Record<string, boolean[]> = {}
    for (const purpose of ["care", "outreach", "reminders"]) {
      const as = await session("desk", purpose)
      const { rows } = await wk.run(as, () => wk.query<{ id: string }>("select id from patient"))
      seen[purpose] = people.map((id) => rows.some((row) => row.id === id))
      const context = { actor: "x", role: "desk", purpose, tenant: clinic, branches: [branch], now: new Date() }
      for (const [n, id] of people.entries()) {
        const events = await wk.run(desk, () => history(wk, id))
        const { state, objected } = consentAt(events, { purpose, at: new Date() })
        const consent = purpose === "reminders" ? !objected : state === "granted"
        const asked = { action: "read", table: "patient", row: { id, clinic_id: clinic, branch_id: branch } }
        expect(decideInCode(matrix, context, { ...asked, consent }).effect === "allow").toBe(seen[purpose]?.[n])
        const unsaid = decideInCode(matrix, context, asked)
        expect(unsaid.reason).toBe(purpose === "care" ? "granted" : "no-consent")
      }
    }
    expect(seen).toEqual({
      care: [true, true, true, true],
      outreach: [true, false, false, false],
      reminders: [true, true, false, true],
    })
  })
})
