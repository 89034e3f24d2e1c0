import type { Session } from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { revokeAssignments } from "./assignments.js"
import { listReferrals, type Referral, referPatient, withdrawReferral } from "./crossings.js"

const clinic = useAssigned(useDatabase(), crossingPolicy())
const code = (wanted: string) => expect.objectContaining({ code: wanted })
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
const hours = (n: number): Date => new Date(Date.now() + n * 3_600_000)
const referral = (over: Partial<Referral> = {}): Referral => ({
  subject: subject(),
  from: here.branch,
  to: there.branch,
  records: ["public.patient", "public.visit"],
  until: hours(10),
  basis: "second_opinion",
  ...over,
})
const refer = async (session: Session, over: Partial<Referral> = {}): Promise<string> =>
  await clinic.wk.run(session, () => referPatient(clinic.wk, referral(over)))

describe("a referral", () => {
  it("shows exactly that patient beside the ordinary context, reading only, until it is withdrawn", async () => {
    const sender = await person("doctor", 0)
    const receiver = await person("doctor", 1)
    expect(await ids(receiver, "select id from patient where id = $1", [subject()])).toEqual([])
    const id = await refer(sender)
    const opened = await clinic.issuer.openReferral({ id, session: receiver })
    expect(opened.grants).toMatchObject([{ role: "consultant", branches: [here.branch] }])
    expect(await ids(opened, "select id from patient")).toEqual([subject()])
    expect(await ids(opened, "select patient_id as id from visit")).toEqual([subject()])
    expect(await ids(opened, "select count(*)::text as id from patient")).toEqual(["1"])
    expect(await ids(receiver, "select id from patient")).toEqual([...there.patients].sort())
    for (const sql of ["update visit set reason = 'x'", "delete from visit", "select from note", "select from staff"])
      await expect(ids(opened, sql)).rejects.toThrow()
    await clinic.wk.run(sender, () => withdrawReferral(clinic.wk, { id, reason: "treated" }))
    await expect(ids(opened, "select id from patient")).rejects.toEqual(code("WK102"))
    await expect(clinic.issuer.openReferral({ id, session: receiver })).rejects.toEqual(code("WK230"))
  })
})
