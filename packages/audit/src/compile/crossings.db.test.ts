import { movePatient, referPatient, type Session, withdrawReferral } from "@wardkeep/postgres"
import { expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { audit } from "./audit.js"

const clinic = useAssigned(useDatabase(), crossingPolicy(), undefined, [audit])
const [here, there] = clinic.places
const person = async (role: string, place: number, over = {}): Promise<Session> => {
  const actor = `${role}-${place}`
  await clinic.grant(actor, role, place, over)
  return await clinic.session(actor)
}
const log = async (branch: string, relation: string): Promise<string[]> =>
  (
    await clinic.admin<{ line: string }>(
      `select concat_ws(' ', verb, actor, role, subject = $3) as line from wardkeep_audit.event where branch = $1 and relation = $2 order by id`,
      [branch, relation, here.patients[0]],
    )
  ).map(({ line }) => line)

it("records a referral, its opening, its end and a move as events of both branches", async () => {
  const [sender, receiver] = [await person("doctor", 0), await person("doctor", 1)]
  const subject = here.patients[0] ?? ""
  const place = { subject, from: here.branch, to: there.branch }
  const asked = { ...place, records: ["public.patient"], until: new Date(Date.now() + 3_600_000) }
  const id = await clinic.wk.run(sender, () => referPatient(clinic.wk, { ...asked, basis: "second_opinion" }))
  await clinic.issuer.openReferral({ id, session: receiver })
  await clinic.wk.run(sender, () => withdrawReferral(clinic.wk, { id, reason: "treated" }))
  for (const { branch } of [here, there])
    expect(await log(branch, "wardkeep.referral")).toEqual([
      "create doctor-0 doctor t",
      "open doctor-1 consultant t",
      "delete doctor-0 doctor t",
    ])
  const manager = await person("manager", 0, { scope: "all" })
  await clinic.wk.run(manager, () => movePatient(clinic.wk, { ...place, reason: "lives there" }))
  for (const { branch } of [here, there]) {
    expect(await log(branch, "wardkeep.move")).toEqual(["create manager-0 manager t"])
    // The rows as well: what was under the key that is left, and what is under the new one.
    expect(await log(branch, "public.patient")).toContain("update manager-0 manager t")
    expect(await log(branch, "public.visit")).toContain("update manager-0 manager t")
  }
})
