import type { Session } from "@wardkeep/postgres"
import { apply, drift } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { extensions, notice, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { publishNotice } from "../notice/notice.js"
import type { Decision } from "./event.js"
import {
  type Decided,
  decide,
  endDue,
  endRepresentation,
  history,
  type Representation,
  recordEmergency,
  represent,
  serveNotice,
} from "./ledger.js"
import { consentAt } from "./state.js"

const database = useDatabase()
const used = useConsenting(database)
let desk: Session
let published = ""
let foreign = ""

beforeAll(async () => {
  const { wk, session } = used.clinic
  desk = await session("desk", "care")
  published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
  foreign = await wk.run(await session("head", "care", { branch: 2 }), () => publishNotice(wk, notice))
})

const atDesk = <T>(work: () => Promise<T>): Promise<T> => used.clinic.wk.run(desk, work)
const served = (subject: string, over = {}) =>
  atDesk(() =>
    serveNotice(used.clinic.wk, {
      subject,
      notice: published,
      language: "ta",
      channel: "desk",
      evidence: "receipt 17",
      ...over,
    }),
  )
const say = (subject: string, decisions: Record<string, Decision>, over: Partial<Decided> = {}) =>
  atDesk(() =>
    decide(used.clinic.wk, {
      subject,
      notice: published,
      language: "ta",
      channel: "desk",
      method: "signature",
      evidence: "form 17",
      decisions,
      ...over,
    }),
  )
const stands = (subject: string, over: Partial<Representation> = {}) =>
  atDesk(() =>
    represent(used.clinic.wk, {
      subject,
      as: "guardian",
      who: "brother",
      how: "court",
      evidence: "order 4/2026",
      ...over,
    }),
  )
const events = (subject: string) => atDesk(() => history(used.clinic.wk, subject))
const adult = () => used.clinic.person("1985-03-01")

describe("the ledger", () => {
  it("holds each decision as an event of its own, by whom, when, and on which notice", async () => {
    const subject = await adult()
    await served(subject)
    const ids = await say(subject, { outreach: "granted", research: "refused" })
    const all = await events(subject)
    expect(all.map(({ kind, purpose }) => [kind, purpose])).toEqual([
      ["served", null],
      ["granted", "outreach"],
      ["refused", "research"],
    ])
    expect(all.slice(1).map(({ id }) => id)).toEqual(ids)
    expect(all[1]).toMatchObject({ notice: published, language: "ta", by: "subject", actor: "desk-0", role: "desk" })
    expect(consentAt(all, { purpose: "outreach", at: new Date() })).toMatchObject({ state: "granted" })
    expect(consentAt(all, { purpose: "research", at: new Date() })).toMatchObject({ state: "refused" })
    expect(new Set(all.map(({ at }) => at)).size).toBe(3)
  })

  it("refuses what does not fit, all of it, and keeps what was there", async () => {
    const subject = await adult()
    const child = await used.clinic.person("2020-01-01")
    const refused = async (work: Promise<unknown>, words: RegExp) =>
      await expect(work).rejects.toMatchObject({ code: "WK503", message: expect.stringMatching(words) })
    await refused(say(subject, { outreach: "granted" }), /was not served/)
    await served(subject)
    await served(child)
    await refused(say(subject, { outreach: "granted" }, { language: "hi" }), /was not served .* language/)
    await refused(say(subject, { care: "granted" }), /no purpose of this name waits/)
    await refused(say(subject, { reminders: "granted" }), /one that an objection stops takes/)
    await refused(say(subject, { outreach: "withdrawn" }), /no consent to withdraw/)
    await refused(say(subject, { outreach: "renewed" }), /no consent to renew/)
    await refused(say(subject, { outreach: "expired" }), /nothing has expired/)
    await refused(say(subject, { reminders: "objection_lifted" }), /no objection to lift/)
    await refused(say(subject, { outreach: { kind: "granted", until: new Date(0) } }), /end before it begins/)
    await refused(say(subject, { outreach: "granted" }, { evidence: " " }), /lacks: evidence/)
    await refused(say(subject, { outreach: "granted" }, { method: "" }), /lacks: method/)
    await refused(say(subject, {}), /name each purpose/)
    await refused(say(subject, { outreach: "granted" }, { by: "guardian" }), /nobody was verified/)
    await refused(served(subject, { language: "kn" }), /machine translation/)
    await refused(served(subject, { language: "gu" }), /no such notice in this language/)
    await refused(served(subject, { notice: foreign }), /no such notice/)
    await refused(served(subject, { evidence: "" }), /lacks: evidence/)
    await refused(served(subject, { evidenceSha256: "abcd" }), /SHA-256/)
    await refused(stands(subject, { how: "said so" }), /verified as one of: court/)
    await refused(stands(subject, { evidence: "" }), /lacks: evidence/)
    await refused(stands(subject, { as: "parent", how: "token" }), /no child/)
    await refused(say(child, { outreach: "granted" }), /a child/)
    // One that does not fit takes the others along.
    await refused(say(subject, { outreach: "granted", research: "withdrawn" }), /no consent to withdraw/)
    const twice = `{"by":"subject","channel":"x","method":"x","decisions":[{"purpose":"reminders","kind":"objected"},{"purpose":"reminders","kind":"objection_lifted"}]}`
    await refused(
      atDesk(() => used.clinic.wk.query("select wardkeep_consent.decide($1, $2)", [subject, twice])),
      /contradict/,
    )
    await expect(
      atDesk(() =>
        used.clinic.wk.tx({ isolation: "repeatable read" }, (q) =>
          decide(q, { subject, channel: "x", method: "x", decisions: { reminders: "objected" } }),
        ),
      ),
    ).rejects.toMatchObject({ code: "WK009" })
    expect((await events(subject)).map(({ kind }) => kind)).toEqual(["served"])
    await say(subject, { outreach: "granted" })
    await refused(say(subject, { outreach: "refused" }), /consent stands/)
  })

  it("knows who acts for somebody, how that was verified, and when it ended", async () => {
    const subject = await adult()
    await served(subject)
    const representation = await stands(subject)
    const other = await stands(await adult())
    await expect(say(subject, { outreach: "granted" }, { by: "guardian", representation: other })).rejects.toThrowError(
      /nobody was verified/,
    )
    await expect(say(subject, { outreach: "granted" }, { by: "nominee", representation })).rejects.toThrowError(
      /nobody was verified/,
    )
    await say(subject, { outreach: "granted" }, { by: "guardian", representation })
    const reason = "the court appointed a sister"
    await atDesk(() => endRepresentation(used.clinic.wk, { subject, representation, reason }))
    await expect(say(subject, { outreach: "withdrawn" }, { by: "guardian", representation })).rejects.toThrowError(
      /no longer does/,
    )
    // The same guardian cannot be ended twice, and what was given stays until somebody who may withdraws it.
    await expect(
      atDesk(() => endRepresentation(used.clinic.wk, { subject, representation, reason })),
    ).rejects.toThrowError(/nobody represents/)
    const sister = await stands(subject, { who: "sister" })
    await say(subject, { outreach: "withdrawn" }, { by: "guardian", representation: sister })
    expect((await events(subject)).map(({ kind }) => kind)).toEqual([
      "served",
      "represented",
      "granted",
      "representation_ended",
      "represented",
      "withdrawn",
    ])
  })

  it("lets a person in the portal decide for nobody else", async () => {
    const [subject, somebody] = [await adult(), await adult()]
    const portal = await used.clinic.session("portal", "care", { subjects: [subject] })
    const withdraw = (of: string) =>
      used.clinic.wk.run(portal, () =>
        decide(used.clinic.wk, { subject: of, channel: "portal", method: "otp", decisions: { reminders: "objected" } }),
      )
    await withdraw(subject)
    expect(await events(subject)).toMatchObject([{ kind: "objected", actor: "portal-0", role: "portal" }])
    await expect(withdraw(somebody)).rejects.toMatchObject({ code: "WK503" })
    await expect(used.clinic.wk.run(portal, () => history(used.clinic.wk, somebody))).rejects.toMatchObject({
      code: "WK503",
    })
    await expect(used.clinic.wk.run(portal, () => endDue(used.clinic.wk))).rejects.toMatchObject({ code: "WK503" })
  })

  it("records emergencies as what they are, and what time ended", async () => {
    const subject = await adult()
    await served(subject)
    await say(subject, { outreach: { kind: "granted", until: new Date(Date.now() + 700) }, reminders: "objected" })
    await atDesk(() => recordEmergency(used.clinic.wk, { subject, reason: "unconscious" }))
    await new Promise((resolve) => setTimeout(resolve, 800))
    const before = await events(subject)
    expect(consentAt(before, { purpose: "outreach", at: new Date() }).state).toBe("expired")
    expect(await atDesk(() => endDue(used.clinic.wk))).toBe(1)
    expect(await atDesk(() => endDue(used.clinic.wk))).toBe(0)
    const all = await events(subject)
    expect(all.map(({ kind }) => kind)).toEqual(["served", "granted", "objected", "emergency", "expired"])
    expect(all[3]?.detail).toMatchObject({ basis: "s7f", reason: "unconscious" })
    await say(subject, { outreach: "renewed" })
    expect(consentAt(await events(subject), { purpose: "outreach", at: new Date() }).state).toBe("granted")
  })
})

describe("its tables", () => {
  it("are never changed or emptied, by the owner or a superuser either", async () => {
    for (const table of ["event", "notice", "notice_text"])
      for (const sql of [
        `update wardkeep_consent.${table} set ${table === "notice_text" ? "language" : "tenant"} = 'x'`,
        `delete from wardkeep_consent.${table}`,
        `truncate wardkeep_consent.${table} cascade`,
      ]) {
        await expect(used.clinic.admin(sql), sql).rejects.toMatchObject({ code: "42501" })
        await expect(
          used.clinic.asOwner((client) => client.query(sql)),
          sql,
        ).rejects.toMatchObject({ code: "42501" })
      }
  })

  it("show nothing to a role that was granted them by mistake, and the next apply takes that back", async () => {
    const [role] = await used.clinic.admin<{ name: string }>(
      "select rolname::text as name from pg_roles where rolname like 'wk\\_' || $1 || '\\_r\\_desk'",
      [used.clinic.policy.deployment],
    )
    const { policy, wk } = used.clinic
    expect(await used.clinic.asOwner((client) => drift({ client, policy }))).toEqual([])
    await used.clinic.admin(`grant select on wardkeep_consent.event, wardkeep_consent.reach to ${role?.name}`)
    expect((await atDesk(() => wk.query("select * from wardkeep_consent.event"))).rows).toEqual([])
    expect((await atDesk(() => wk.query("select * from wardkeep_consent.reach"))).rows).toEqual([])
    await used.clinic.admin("alter table patient disable trigger wk_consent_row")
    const found = await used.clinic.asOwner((client) => drift({ client, policy }))
    expect(found.map(({ object }) => object)).toContain("trigger public.patient wk_consent_row")
    const again = () => used.clinic.asOwner((client) => apply({ client, policy, extensions }))
    expect((await again()).applied).toBeGreaterThan(0)
    await expect(atDesk(() => wk.query("select * from wardkeep_consent.event"))).rejects.toMatchObject({
      code: "42501",
    })
    expect((await again()).applied).toBe(0)
    expect(await used.clinic.asOwner((client) => drift({ client, policy }))).toEqual([])
  })

  it("are asked for: a policy file with a ledger is not applied without it", async () => {
    const { policy } = used.clinic
    await expect(used.clinic.asOwner((client) => apply({ client, policy }))).rejects.toMatchObject({ code: "WK002" })
  })
})
