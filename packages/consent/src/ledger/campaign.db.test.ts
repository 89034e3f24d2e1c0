import type { Session } from "@wardkeep/postgres"
import { beforeAll, describe, expect, it } from "vitest"
import { notice, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { publishNotice } from "../notice/notice.js"
import { campaignReport, type Delivery, recordDeliveries, unreached } from "./campaign.js"
import { history } from "./ledger.js"

const database = useDatabase()
const used = useConsenting(database)
let desk: Session
let of = { notice: "", campaign: "2027" }

beforeAll(async () => {
  const { wk, session } = used.clinic
  desk = await session("desk", "care")
  of = { ...of, notice: await wk.run(await session("head", "care"), () => publishNotice(wk, notice)) }
})

const atDesk = <T>(work: () => Promise<T>, as = desk): Promise<T> => used.clinic.wk.run(as, work)
const letters = (subjects: readonly string[], how: object): Delivery[] =>
  subjects.map((subject) => ({ subject, language: "ta", channel: "letter", ...how }) as Delivery)

describe("a campaign", () => {
  it("goes on where it broke off, tells nobody twice, and says whom it reached by which channel", async () => {
    const { wk, adults } = used.clinic
    const pending = (page = {}) => atDesk(() => unreached(wk, of, page))
    const record = (deliveries: readonly Delivery[]) => atDesk(() => recordDeliveries(wk, of, deliveries))
    const all = (await pending()).map(({ subject }) => subject)
    expect([...all].sort()).toEqual([...adults].sort())
    const first = all.slice(0, 4)
    expect(await record(letters(first, { evidence: "list 1" }))).toBe(4)
    expect(await record(letters(first, { evidence: "list 1" }))).toBe(0)
    expect(await record(letters(all.slice(4, 6), { undelivered: "moved" }))).toBe(2)
    // One that does not fit takes its batch along.
    const odd = [
      ...letters(all.slice(6, 8), { evidence: "list 2" }),
      ...letters([used.clinic.elsewhere], { evidence: "x" }),
    ]
    await expect(record(odd)).rejects.toMatchObject({ code: "WK503" })
    for (const how of [{ evidence: "" }, { evidence: "x", language: "kn" }, { evidence: "x", language: "gu" }])
      await expect(record(letters(all.slice(6, 7), how))).rejects.toMatchObject({ code: "WK503" })
    const left = await pending()
    expect(left.map(({ tried }) => tried).sort()).toEqual([0, 0, 0, 0, 1, 1])
    const [one] = await pending({ most: 1 })
    expect((await pending({ after: one })).map(({ subject }) => subject)).toEqual(
      left.slice(1).map(({ subject }) => subject),
    )
    await record(letters(all.slice(4, 5), { evidence: "desk 9", channel: "desk" }))
    expect(await atDesk(() => campaignReport(wk, of))).toEqual([
      { channel: "desk", language: "ta", served: 1, undelivered: 0 },
      { channel: "letter", language: "ta", served: 4, undelivered: 2 },
    ])
    const told = await atDesk(() => history(wk, all[4] ?? ""))
    expect(told.map(({ kind, detail }) => [kind, detail])).toEqual([
      ["undelivered", { campaign: "2027", undelivered: "moved" }],
      ["served", { campaign: "2027" }],
    ])
  })

  it("is of the branches of its context, and of no person's own screen", async () => {
    const { wk, session, adults } = used.clinic
    const other = await session("desk", "care", { branch: 1 })
    const there = await atDesk(() => unreached(wk, of), other)
    expect(there).toHaveLength(10)
    expect(there.some(({ subject }) => adults.includes(subject))).toBe(false)
    const abroad = await session("desk", "care", { branch: 2 })
    await expect(atDesk(() => unreached(wk, of), abroad)).rejects.toMatchObject({ code: "WK503" })
    expect(await atDesk(() => campaignReport(wk, of), abroad)).toEqual([])
    const self = await session("portal", "care", { subjects: adults.slice(0, 1) })
    for (const work of [() => unreached(wk, of), () => campaignReport(wk, of), () => recordDeliveries(wk, of, [])])
      await expect(atDesk<unknown>(work, self)).rejects.toMatchObject({ code: "WK503" })
  })
})
