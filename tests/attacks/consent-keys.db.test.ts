import { type Decided, decide, history, publishNotice, represent, serveNotice } from "@wardkeep/consent"
import type { Session } from "@wardkeep/postgres"
import { inTenant, maintenance, type Queryable } from "@wardkeep/postgres/migrate"
import { beforeAll, describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { notice, said, served, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const used = useConsenting(database, "bigint")
let desk: Session
let caller: Session
let reminders: Session
let published = ""

beforeAll(async () => {
  const { wk, session } = used.clinic
  desk = await session("desk", "care")
  caller = await session("caller", "outreach")
  reminders = await session("desk", "reminders")
  published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
})

const give = (subject: string) => served(used.clinic, desk, published, subject)
const say = (subject: string, decisions: Decided["decisions"]) => said(used.clinic, desk, published, subject, decisions)
const kinds = async (subject: string) =>
  (await used.clinic.wk.run(desk, () => history(used.clinic.wk, subject))).map(({ kind }) => kind)
const reached = async (session: Session, subject: string): Promise<boolean> => {
  const text = "select from patient where id = $1"
  return (await used.clinic.wk.run(session, () => used.clinic.wk.query(text, [subject]))).rowCount === 1
}
/** As the owner sees every row, keys cascade, and nobody else is there meanwhile. */
const maintained = <T>(work: (q: Queryable) => Promise<T>): Promise<T> =>
  used.clinic.asOwner((client) => {
    const tables = ["clinic", "branch", "patient", "visit", "note"]
    return maintenance({ client, policy: used.clinic.policy, tables, reason: "keys" }, work)
  })
const change = (text: string, values: unknown[] = []) => maintained((q) => q.query(text, values))

describe("a key that is spelled another way", () => {
  it("is the same person: an objection under it holds, and is found", async () => {
    const subject = await used.clinic.person("1985-03-01")
    await say(`00${subject}`, { reminders: "objected" })
    expect(await reached(reminders, subject)).toBe(false)
    expect(await kinds(subject)).toEqual(["objected"])
    expect(await kinds(`+${subject} `)).toEqual(["objected"])
    expect(await kinds("no number")).toEqual([])
  })
})

describe("a key of several people", () => {
  it("is asked about in one branch, so that nobody's word is told as another's", async () => {
    const { branches, wk, session } = used.clinic
    const [, { clinic, branch }] = branches
    const subject = await used.clinic.person("1985-03-01")
    await say(subject, { reminders: "objected" })
    const both = await session("desk", "care", { also: 1 })
    const told = () => wk.run(both, () => history(wk, subject))
    expect(await told()).toHaveLength(1)
    const namesake = "insert into patient (clinic_id, branch_id, id, full_name) values ($1, $2, $3, 'Namesake')"
    await change(namesake, [clinic, branch, subject])
    await expect(told()).rejects.toMatchObject({ code: "WK106" })
    expect(await kinds(subject)).toEqual(["objected"])
  })
})

describe("a key that changes, or is given again", () => {
  it("is not changed for somebody of whom the ledger holds anything, so that no objection is lost", async () => {
    const [, other] = used.clinic.branches
    const move = (subject: string) => change("update patient set branch_id = $2 where id = $1", [subject, other.branch])
    const [objecting, silent] = [await used.clinic.person("1985-03-01"), await used.clinic.person("1985-03-01")]
    await say(objecting, { reminders: "objected" })
    await expect(move(objecting)).rejects.toMatchObject({ code: "WK503" })
    await expect(change("update patient set id = 900001 where id = $1", [objecting])).rejects.toMatchObject({
      code: "WK503",
    })
    await move(silent)
    // Nor does anybody come under the key of somebody who decided.
    await expect(
      change("update patient set id = $2, branch_id = $3 where id = $1", [
        silent,
        objecting,
        used.clinic.branches[0].branch,
      ]),
    ).rejects.toMatchObject({ code: "WK503" })
    expect(await reached(reminders, objecting)).toBe(false)
  })

  it("waits for whoever decides about the person meanwhile", async () => {
    const subject = await used.clinic.person("1985-03-01")
    const [, other] = used.clinic.branches
    let said: Promise<unknown> | undefined
    const login = withLogin(database.ownerUrl, used.clinic.logins.migrator)
    const move = async (q: Queryable) => {
      await q.query("update patient set branch_id = $2 where id = $1", [subject, other.branch])
      said = say(subject, { reminders: "objected" })
      said.catch(() => undefined)
      const state = await Promise.race([said.then(() => "done"), new Promise((r) => setTimeout(r, 300, "waits"))])
      expect(state).toBe("waits")
    }
    await connected(login, (client) => inTenant(client, used.clinic.policy, other.clinic, "a move", move))
    await expect(said).rejects.toMatchObject({ code: "WK503" })
  })

  it("brings a stranger no yes, no notice and no history, and keeps objections", async () => {
    const subject = await used.clinic.person("1985-03-01")
    await give(subject)
    await say(subject, { outreach: "granted", reminders: "objected" })
    expect(await reached(caller, subject)).toBe(true)
    await change("delete from patient where id = $1", [subject])
    expect(await kinds(subject)).toEqual(["served", "granted", "objected"])
    const again = "insert into patient (id, full_name, born_on) values ($1, 'Stranger', '1990-01-01')"
    await used.clinic.wk.run(desk, () => used.clinic.wk.query(again, [subject]))
    expect(await reached(caller, subject)).toBe(false)
    expect(await reached(reminders, subject)).toBe(false)
    expect(await kinds(subject)).toEqual([])
    await expect(say(subject, { outreach: "granted" })).rejects.toThrowError(/was not served/)
    await say(subject, { reminders: "objection_lifted" })
    expect(await reached(reminders, subject)).toBe(true)
  })

  it("is not the tenant's while the ledger holds decisions under it", async () => {
    const { clinic } = used.clinic.branches[0]
    const rename = change("update clinic set id = gen_random_uuid() where id = $1", [clinic])
    await expect(rename).rejects.toMatchObject({ code: "WK503" })
  })

  it("of a deleted tenant leaves no yes and no representation to whoever gets it next", async () => {
    const [, , { clinic }] = used.clinic.branches
    const far = await used.clinic.session("desk", "care", { branch: 2 })
    const head = await used.clinic.session("head", "care", { branch: 2 })
    const { wk } = used.clinic
    const subject = used.clinic.elsewhere
    const theirs = await wk.run(head, () => publishNotice(wk, notice))
    await wk.run(far, async () => {
      await represent(wk, { subject, as: "guardian", who: "brother", how: "court", evidence: "order" })
      const of = { subject, notice: theirs, language: "en", channel: "desk" }
      await serveNotice(wk, { ...of, evidence: "receipt" })
      await decide(wk, { ...of, method: "signature", evidence: "form", decisions: { outreach: "granted" } })
    })
    const standing = "select consent, objected from wardkeep_consent.standing where tenant = $1"
    expect(await used.clinic.admin(standing, [clinic])).toEqual([{ consent: "granted", objected: false }])
    await maintained(async (q) => {
      await q.query("delete from branch where clinic_id = $1", [clinic])
      await q.query("delete from clinic where id = $1", [clinic])
    })
    expect(await used.clinic.admin(standing, [clinic])).toEqual([{ consent: "none", objected: false }])
    const left = "select (bits >> 32)::int as yes from wardkeep_consent.reach where tenant = $1 and since > last_at"
    expect((await used.clinic.admin(left, [clinic])).filter((row) => JSON.stringify(row) !== '{"yes":0}')).toEqual([])
  })
})
