import { createHmac, randomUUID } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { narrowRole, revokeAssignments } from "./assignments.js"
import { declareBreakGlass } from "./break-glass.js"
import { listReferrals, type Referral, referPatient, withdrawReferral } from "./crossings.js"

const database = useDatabase()
const clinic = useAssigned(database, crossingPolicy())
const code = (wanted: string, text = /./) => ({ code: wanted, message: expect.stringMatching(text) })
let counter = 0
const person = async (role: string, place: number, over = {}): Promise<Session> => {
  const actor = `person-${counter++}`
  await clinic.grant(actor, role, place, over)
  return await clinic.session(actor)
}
const ids = async (session: Session, sql: string, values: unknown[] = []): Promise<string[]> =>
  await clinic.wk.run(session, async () =>
    (await clinic.wk.query<{ id: string }>(sql, values)).rows.map(({ id }) => id).sort(),
  )
const [here, there, elsewhere] = clinic.places
const subject = (): string => here.patients[0] ?? ""
const [theirs = ""] = there.patients
const [strangers = ""] = elsewhere.patients
const hours = (n: number): Date => new Date(Date.now() + n * 3_600_000)
const refer = async (session: Session, over: Partial<Referral> = {}): Promise<string> =>
  await clinic.wk.run(session, () =>
    referPatient(clinic.wk, {
      subject: subject(),
      from: here.branch,
      to: there.branch,
      records: ["public.patient", "public.visit"],
      until: hours(10),
      basis: "second_opinion",
      ...over,
    }),
  )
const withdraw = (session: Session, id: string, reason = "treated") =>
  clinic.wk.run(session, () => withdrawReferral(clinic.wk, { id, reason }))
const open = (id: string, session: Pick<Session, "id" | "actor">) => clinic.issuer.openReferral({ id, session })
const patients = "select id from patient"

describe("a referral", () => {
  it("shows exactly that patient beside the ordinary context, reading only, until it is withdrawn", async () => {
    const [sender, receiver] = [await person("doctor", 0), await person("doctor", 1)]
    expect(await ids(receiver, "select id from patient where id = $1", [subject()])).toEqual([])
    const id = await refer(sender)
    const opened = await open(id, receiver)
    expect(opened.grants).toMatchObject([{ role: "consultant", branches: [here.branch] }])
    expect(await ids(opened, patients)).toEqual([subject()])
    expect(await ids(opened, "select patient_id as id from visit")).toEqual([subject()])
    expect(await ids(opened, "select id from patient where id = $1", [here.patients[1]])).toEqual([])
    expect(await ids(opened, "select count(*)::text as id from patient")).toEqual(["1"])
    expect(await ids(receiver, patients)).toEqual([...there.patients].sort())
    for (const sql of ["update visit set reason = 'x'", "delete from visit", "select from note", "select from staff"])
      await expect(ids(opened, sql)).rejects.toThrow(/permission denied/)
    await withdraw(sender, id)
    await expect(ids(opened, patients)).rejects.toMatchObject(code("WK102"))
    await expect(open(id, receiver)).rejects.toMatchObject(code("WK230"))
    await expect(withdraw(sender, id)).rejects.toMatchObject(code("WK230"))
  })

  it("shows the tables that were referred, and no other that its role reads", async () => {
    const id = await refer(await person("doctor", 0), { records: ["public.visit"] })
    const opened = await open(id, await person("locum", 1, { validUntil: hours(5) }))
    expect(await ids(opened, "select patient_id as id from visit")).toEqual([subject()])
    expect(await ids(opened, patients)).toEqual([])
    expect(await ids(opened, "select v.patient_id as id from visit v join patient p on p.id = v.patient_id")).toEqual(
      [],
    )
    const chief = await person("chief", 0, { scope: "all" })
    const taken = { role: "doctor", taken: { action: "delete", table: "public.visit" }, reason: "audit" } as const
    await clinic.wk.run(chief, () => narrowRole(clinic.wk, clinic.host.policy, taken))
    await expect(ids(opened, patients)).rejects.toMatchObject(code("WK102"))
    const again = await open(id, await person("doctor", 1))
    expect(await ids(again, patients)).toEqual([])
    expect(await ids(again, "select patient_id as id from visit")).toEqual([subject()])
  })

  it("ends on the next statement of an open transaction, on each of eight pooled connections", async () => {
    const [sender, receiver] = [await person("doctor", 0), await person("doctor", 1)]
    const id = await refer(sender)
    const opened = await open(id, receiver)
    const pool = clinic.make(8)
    let ready = 0
    let withdrawn: () => void = () => undefined
    const gone = new Promise<void>((resolve) => {
      withdrawn = resolve
    })
    const units = Array.from({ length: 8 }, () =>
      pool.run(opened, () =>
        pool.tx(async (q) => {
          expect((await q.query(patients)).rows).toHaveLength(1)
          ready++
          await gone
          return await q.query(patients)
        }),
      ),
    )
    while (ready < 8) await new Promise((resolve) => setTimeout(resolve, 5))
    await withdraw(sender, id)
    withdrawn()
    for (const unit of await Promise.allSettled(units))
      expect(unit).toMatchObject({ status: "rejected", reason: { code: "WK102" } })
  })

  it("ends in time, with the assignment it was opened on, and with either branch", async () => {
    const [sender, receiver] = [await person("doctor", 0), await person("doctor", 1)]
    const soon = await refer(sender, { until: new Date(Date.now() + 1500) })
    const opened = await open(soon, receiver)
    expect(Date.parse(opened.expiresAt)).toBeLessThan(Date.now() + 1500)
    expect(await ids(opened, patients)).toEqual([subject()])
    while (Date.now() < Date.parse(opened.expiresAt) + 50) await new Promise((resolve) => setTimeout(resolve, 50))
    await expect(ids(opened, patients)).rejects.toMatchObject(code("WK102"))
    await expect(open(soon, receiver)).rejects.toMatchObject(code("WK230"))
    const again = await open(await refer(sender), receiver)
    const chief = await person("chief", 0, { scope: "all" })
    await clinic.wk.run(chief, () => revokeAssignments(clinic.wk, { actor: receiver.actor, reason: "left" }))
    await expect(ids(again, patients)).rejects.toMatchObject(code("WK102"))
    const branch = randomUUID()
    await clinic.admin("insert into branch (id, clinic_id, name) values ($1, $2, 'new')", [branch, here.clinic])
    const third = await person("doctor", 0, { scope: { branch } })
    const both = await person("doctor", 0, { scope: "all" })
    const left = await open(await refer(sender, { to: branch }), both)
    expect(await ids(left, patients)).toEqual([subject()])
    await clinic.admin("delete from branch where id = $1", [branch])
    await expect(ids(left, patients)).rejects.toMatchObject(code("WK102"))
    await expect(ids(third, patients)).rejects.toMatchObject(code("WK102"))
  })

  it("is refused to other roles, for other branches, clinics and persons, for other tables, longer, or without a basis", async () => {
    const sender = await person("doctor", 0)
    for (const [wrong, text] of [
      [{ subject: theirs }, /no such person/],
      [{ subject: strangers }, /no such person/],
      [{ subject: "" }, /no such person/],
      [{ subject: "x' or true --" }, /no such person/],
      [{ from: there.branch, subject: theirs, to: here.branch }, /their own branch/],
      [{ to: here.branch }, /another branch/],
      [{ to: elsewhere.branch }, /another branch of the same tenant/],
      [{ records: [] }, /names tables/],
      [{ records: ["public.note"] }, /names tables/],
      [{ records: ["visit"] }, /names tables/],
      [{ until: hours(24 * 31) }, /ends in time/],
      [{ until: hours(-1) }, /ends in time/],
      [{ basis: "curious" }, /basis/],
    ] as const)
      await expect(refer(sender, wrong)).rejects.toMatchObject(code("WK230", text))
    for (const role of ["reception", "chief", "manager"])
      await expect(refer(await person(role, 0))).rejects.toMatchObject(code("WK230", /role/))
    await expect(refer(await person("portal", 0, { subject: subject() }))).rejects.toThrow(/permission denied/)
  })

  it("opens for the role and the branch it was made for, in their own session, and for nobody else", async () => {
    const id = await refer(await person("doctor", 0))
    const [receiver, other] = [await person("doctor", 1), await person("doctor", 1)]
    for (const wrong of [
      await person("doctor", 0),
      await person("doctor", 2),
      await person("reception", 1),
      { id: receiver.id, actor: other.actor },
      { id: randomUUID(), actor: receiver.actor },
    ])
      await expect(open(id, wrong)).rejects.toMatchObject(code("WK230"))
    await expect(open(randomUUID(), receiver)).rejects.toMatchObject(code("WK230"))
    const asked = {
      assignments: [{ tenant: here.clinic, branches: "all" as const, role: "consultant", subjects: [subject()] }],
    }
    await expect(clinic.session(receiver.actor, asked)).rejects.toMatchObject(code("WK202"))
    await expect(clinic.grant(receiver.actor, "consultant", 0, { subject: subject() })).rejects.toMatchObject(
      code("WK206"),
    )
    const { request, kid, mac } = signed({ referral: id, session_id: receiver.id, actor: receiver.actor })
    const text = "select * from wardkeep.open_referral($1, $2, $3)"
    await expect(ids(receiver, text, [request, kid, mac])).rejects.toThrow(/permission denied/)
  })

  it("is not passed on: its context refers nobody, opens no emergency, moves nobody and withdraws nothing", async () => {
    const [sender, receiver] = [await person("doctor", 0), await person("doctor", 1)]
    const id = await refer(sender)
    const opened = await open(id, receiver)
    await expect(refer(opened)).rejects.toThrow(/permission denied/)
    await expect(withdraw(opened, id)).rejects.toThrow(/permission denied/)
    await expect(withdraw(receiver, id)).rejects.toMatchObject(code("WK230"))
    await expect(open(id, opened)).resolves.toMatchObject({ actor: receiver.actor })
    await expect(refer(receiver)).rejects.toMatchObject(code("WK230", /their own branch/))
    await expect(refer(receiver, { from: there.branch, to: here.branch })).rejects.toMatchObject(
      code("WK230", /person/),
    )
    const emergency = { branch: here.branch, subject: subject(), reason: "unconscious", explanation: "x", minutes: 5 }
    await expect(clinic.wk.run(opened, () => declareBreakGlass(clinic.wk, emergency))).rejects.toThrow(/permission/)
  })

  it("is listed on both sides, and cannot be forged", async () => {
    const [sender, receiver] = [await person("doctor", 0), await person("doctor", 1)]
    const id = await refer(sender)
    for (const session of [sender, receiver]) {
      const listed = await clinic.wk.run(session, () => listReferrals(clinic.wk))
      expect(listed.find((one) => one.id === id)).toMatchObject({ referred_by: sender.actor, basis: "second_opinion" })
    }
    const other = await person("doctor", 2)
    expect(await clinic.wk.run(other, () => listReferrals(clinic.wk))).toEqual([])
    await expect(clinic.wk.run(await person("chief", 0), () => listReferrals(clinic.wk))).rejects.toMatchObject(
      code("WK230"),
    )
    for (const sql of [
      "select from wardkeep.referral",
      "insert into wardkeep.referral default values",
      "update wardkeep.referral set valid_until = 'infinity', ended_at = null",
      "delete from wardkeep.move",
      "select wardkeep.end_referrals(null, null, null, 'x', 'x')",
      "select wardkeep.note_crossing(null, '{}', '', '', '', '', '{}')",
      "select wardkeep.move_rows('select 1', '', '', '')",
      `select public.wk_is_person('${here.branch}', '${subject()}')`,
      `select public.wk_move_person('${there.branch}', '${here.branch}', '${there.patients[0]}')`,
      `select public.wk_merge_branch('${there.branch}', '${here.branch}')`,
      `select public.wk_close_branch('${there.branch}')`,
    ])
      for (const session of [receiver, await open(id, receiver)])
        await expect(ids(session, sql)).rejects.toThrow(/permission denied/)
  })
})

function signed(body: object): { request: string; kid: string; mac: Buffer } {
  const request = JSON.stringify({ ...body, nonce: randomUUID(), issued_at: new Date().toISOString() })
  const mac = createHmac("sha256", clinic.key.secret).update(`referral:${request}`).digest()
  return { request, kid: clinic.key.id, mac }
}
