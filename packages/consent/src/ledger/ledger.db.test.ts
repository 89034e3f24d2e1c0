import type { Session } from "@wardkeep/postgres"
import { apply, drift } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { extensions, notice, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { notices, publishNotice } from "../notice/notice.js"
import type { Decision } from "./event.js"
import { type Decided, decide, history, represent, serveNotice } from "./ledger.js"
import { consentAt } from "./state.js"

const database = useDatabase()
const used = useConsenting(database)
let desk: Session
let published = ""

beforeAll(async () => {
  const { wk, session } = used.clinic
  desk = await session("desk", "care")
  published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
})

const served = (subject: string, over = {}) =>
  used.clinic.wk.run(desk, () =>
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
  used.clinic.wk.run(desk, () =>
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
const events = (subject: string) => used.clinic.wk.run(desk, () => history(used.clinic.wk, subject))

describe("the ledger", () => {
  it("holds each decision as an event of its own, by whom, when, and on which notice", async () => {
    const [subject = ""] = used.clinic.adults
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
})
