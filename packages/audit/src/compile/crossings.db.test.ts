import {
  agreeToAggregate,
  contributeToAggregate,
  movePatient,
  referPatient,
  type Session,
  withdrawFromAggregate,
  withdrawReferral,
} from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { crossingPolicy } from "#tests/fixture/crossing.ts"
import { figuresPolicy, figuresShape, openChain } from "#tests/fixture/figures.ts"
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

describe("figures over clinics", () => {
  const database = useDatabase()
  const counted = useAssigned(database, figuresPolicy(), figuresShape, [audit])

  it("records agreement, withdrawal, count and release as events of each clinic, and no amount", async () => {
    const { tenants, chiefs, visits } = await openChain(counted, database.adminUrl)
    const [aggregate, month] = ["fees", "2021-01-01"]
    const five = tenants.flatMap((_, tenant) => [0, 1, 2, 3, 4].map((person) => ({ tenant, person })))
    await visits(five.map((of) => ({ ...of, kind: "booked", fee: 777, month })))
    for (const chief of chiefs) await counted.wk.run(chief, () => agreeToAggregate(counted.wk, aggregate))
    const last = chiefs.at(-1) as Session
    await counted.wk.run(last, () => withdrawFromAggregate(counted.wk, { aggregate, reason: "no longer" }))
    const { failed } = await counted.wk.job("statistics", { tenants }, async () => {
      await contributeToAggregate(counted.wk, { aggregate, month })
    })
    expect(failed).toEqual([])
    await counted.issuer.releaseAggregate({ aggregate, month, by: "meera@vendor" })
    const events = await counted.admin<{ tenant: string; line: string; detail: string }>(
      `select tenant, concat_ws(' ', verb, relation, actor, role) as line, detail from wardkeep_audit.event
        where relation like 'wardkeep.aggregate%' order by id`,
    )
    const of = (tenant: string | undefined) => events.filter((one) => one.tenant === tenant).map(({ line }) => line)
    expect(of(tenants[0])).toEqual([
      `create wardkeep.aggregate_agreement chief-${tenants[0]} chief`,
      expect.stringMatching(/^share wardkeep\.aggregate_contribution \S+ statistics$/),
      "export wardkeep.aggregate_release meera@vendor vendor",
    ])
    expect(of(tenants[4])).toEqual([
      `create wardkeep.aggregate_agreement chief-${tenants[4]} chief`,
      `delete wardkeep.aggregate_agreement chief-${tenants[4]} chief`,
    ])
    for (const { detail } of events) expect(detail).not.toMatch(/777|3885|15540/)
  })
})
