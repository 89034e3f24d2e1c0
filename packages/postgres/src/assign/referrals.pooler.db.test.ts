import { expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { referPatient, withdrawReferral } from "./crossings.js"

const database = useDatabase({ pooler: { poolSize: 2 } })
const clinic = useAssigned(database, crossingPolicy())
const [here, there] = clinic.places

it("a referral shows its patient through PgBouncer, and nothing on any server session once it is withdrawn", async () => {
  await clinic.grant("sender", "doctor", 0)
  await clinic.grant("receiver", "doctor", 1)
  const [sender, receiver] = [await clinic.session("sender"), await clinic.session("receiver")]
  const asked = { from: here.branch, to: there.branch, records: ["public.patient"], basis: "second_opinion" }
  const [subject = ""] = here.patients
  const until = new Date(Date.now() + 3_600_000)
  const id = await clinic.wk.run(sender, () => referPatient(clinic.wk, { ...asked, subject, until }))
  const opened = await clinic.issuer.openReferral({ id, session: receiver })
  const pool = clinic.make(4)
  const look = () => pool.run(opened, () => pool.query<{ id: string }>("select id from patient"))
  const own = () => pool.run(receiver, () => pool.query<{ id: string }>("select id from patient"))
  const both = await Promise.all(Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? look() : own())))
  for (const [n, { rows }] of both.entries())
    expect(rows.map((row) => row.id).sort()).toEqual(n % 2 === 0 ? [subject] : [...there.patients].sort())
  await clinic.wk.run(sender, () => withdrawReferral(clinic.wk, { id, reason: "treated" }))
  for (const seen of await Promise.allSettled(Array.from({ length: 8 }, look)))
    expect(seen).toMatchObject({ status: "rejected", reason: { code: "WK102" } })
})
