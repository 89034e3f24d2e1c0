import { parsePolicy } from "@wardkeep/core"
import { declareBreakGlass, type Session } from "@wardkeep/postgres"
import { apply, setBranchGroup } from "@wardkeep/postgres/migrate"
import { afterEach, describe, expect, it } from "vitest"
import { assignedPolicy, useAssigned } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected } from "#tests/fixture/clinic.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { asSuperuser, codeOf } from "./world.ts"

const database = useDatabase()
const clinic = useAssigned(database)
const base = assignedPolicy()
const roles = base.roles as Record<string, Record<string, unknown>>
const emergencies = base.breakGlass as Record<string, unknown>
let counter = 0

const person = async (role: string, over: Record<string, unknown> = {}, mfaAt?: Date): Promise<Session> => {
  const actor = `person-${counter++}`
  await clinic.grant(actor, role, 0, over)
  return await clinic.session(actor, mfaAt === undefined ? {} : { mfaAt })
}
const applied = (over: Record<string, unknown>): Promise<unknown> => {
  const policy = parsePolicy(assignedPolicy({ ...over, deployment: clinic.host.policy.deployment }))
  return clinic.host.asOwner((client) => apply({ client, policy, lockTimeout: 30_000 }))
}
const changed = (role: string, over: Record<string, unknown>): Record<string, unknown> => ({
  roles: { ...roles, [role]: { ...roles[role], ...over } },
})
const reads = (session: Session): Promise<unknown> =>
  clinic.wk
    .run(session, { purpose: "care" }, async () => (await clinic.wk.query("select from visit")).rowCount)
    .catch(codeOf)
const minutesLeft = async ({ actor }: Session): Promise<number[]> => {
  const text = `select extract(epoch from valid_until - clock_timestamp())::float8 / 60 as n from wardkeep.token where actor = $1 order by 1`
  return (await clinic.admin<{ n: number }>(text, [actor])).map(({ n }) => n)
}
const ago = (minutes: number): Date => new Date(Date.now() - minutes * 60_000)

afterEach(async () => {
  await clinic.host.apply()
})

describe("a session that was issued before its policy became stricter", () => {
  it("ends where the role asks for a second factor, unless it is as young as that, and then by its age", async () => {
    const without = await person("doctor")
    const old = await person("doctor", {}, ago(20))
    const young = await person("doctor", {}, ago(5))
    const other = await person("reception")
    await applied(changed("doctor", { mfa: "PT15M" }))
    expect([await reads(without), await reads(old), await reads(young), await reads(other)]).toEqual([
      "WK102",
      "WK102",
      2,
      2,
    ])
    const [left = 0] = await minutesLeft(young)
    expect(left).toBeGreaterThan(9)
    expect(left).toBeLessThanOrEqual(10)
    await applied(changed("doctor", { mfa: "PT3M" }))
    expect([await reads(young), await reads(other)]).toEqual(["WK102", 2])
  })

  it("keeps what it has where the second factor may be older than before", async () => {
    await applied(changed("doctor", { mfa: "PT15M" }))
    const session = await person("doctor", {}, ago(5))
    await applied(changed("doctor", { mfa: "PT30M" }))
    expect(await reads(session)).toBe(2)
    expect((await minutesLeft(session))[0]).toBeLessThanOrEqual(10)
  })

  it("ends where the role must be assigned with an end", async () => {
    const session = await person("doctor")
    const other = await person("reception")
    await applied(changed("doctor", { mustExpire: true }))
    expect([await reads(session), await reads(other)]).toEqual(["WK102", 2])
  })

  it("ends where the role is confined no longer, so that its subjects limit nothing", async () => {
    const session = await person("portal", { subject: clinic.places[0].patients[0] })
    expect(await reads(session)).toBe(1)
    await applied(changed("portal", { confined: false }))
    expect(await reads(session)).toBe("WK102")
  })

  it("ends where the role is opened for emergencies only", async () => {
    await applied({ breakGlass: undefined })
    const session = await person("emergency", { subject: clinic.places[0].patients[0] })
    expect(await reads(session)).toBe(1)
    await applied({})
    expect(await reads(session)).toBe("WK102")
  })

  it("ends where a combination gets a role, from which the tenant may have taken something", async () => {
    const combinations = { principal: ["reception", "cashier"] }
    await applied({ combinations })
    const session = await person("principal")
    const fewer = await person("cashier")
    await applied({ combinations: { principal: ["reception", "cashier", "doctor"] } })
    expect(await reads(session)).toBe("WK102")
    expect(await minutesLeft(fewer)).toHaveLength(1)
  })
})

describe("an emergency that was declared before its policy became stricter", () => {
  const declare = async (): Promise<{ session: Session; id: string }> => {
    const session = await person("doctor")
    const { branch, patients } = clinic.places[1]
    const declared = { branch, subject: patients[0] ?? "", reason: "unconscious", explanation: "a fall", minutes: 30 }
    return { session, id: await clinic.wk.run(session, () => declareBreakGlass(clinic.wk, declared)) }
  }

  it("opens for as long as is allowed now, counted from its declaration", async () => {
    const { session, id } = await declare()
    await applied({ breakGlass: { ...emergencies, longest: "PT5M" } })
    const opened = await clinic.issuer.openBreakGlass({ id, session })
    const left = (Date.parse(opened.expiresAt) - Date.now()) / 60_000
    expect(left).toBeGreaterThan(4)
    expect(left).toBeLessThanOrEqual(5)
    await clinic.admin(
      "update wardkeep.break_glass set declared_at = declared_at - interval '6 minutes' where id = $1",
      [id],
    )
    await expect(clinic.issuer.openBreakGlass({ id, session })).rejects.toMatchObject({ code: "WK207" })
  })

  it("does not open for a reason that is none any more", async () => {
    const { session, id } = await declare()
    await applied({ breakGlass: { ...emergencies, reasons: ["unreachable"] } })
    await expect(clinic.issuer.openBreakGlass({ id, session })).rejects.toMatchObject({ code: "WK207" })
    await clinic.host.apply()
    expect((await clinic.issuer.openBreakGlass({ id, session })).grants).toHaveLength(1)
  })
})

it("tokens of two roles are taken in the order in which everybody locks them", async () => {
  const twice = ["care", "billing"]
  const both = {
    roles: {
      ...roles,
      doctor: { ...roles.doctor, purposes: twice },
      reception: { ...roles.reception, purposes: twice },
    },
  }
  await applied(both)
  const group = { policy: clinic.host.policy, tenant: clinic.places[0].clinic, name: "north" }
  const branches = [clinic.places[0].branch, clinic.places[1].branch]
  const changing = (to: string[]): Promise<void> =>
    asSuperuser(database.url(clinic.host.logins.migrator), (client) =>
      setBranchGroup({ client, ...group, branches: to }),
    )
  await changing(branches)
  const scope = { scope: { group: "north" } }
  const actor = `person-${counter++}`
  for (const role of ["doctor", "reception"]) await clinic.grant(actor, role, 0, scope)
  for (let n = 0; n < 6; n++) await clinic.session(actor)
  await connected(database.adminUrl, async (admin) => {
    await admin.query("begin")
    // The last of the doctor's: tokens of the receptionist come before it, and after the doctor's others.
    await admin.query(
      "select from wardkeep.token where role = 'doctor' and purpose = 'billing' and actor = $1 order by digest desc limit 1 for update",
      [actor],
    )
    const applying = applied({}).then(() => "done", codeOf)
    expect(await waitsFor(database.adminUrl, admin, applying)).toBe("waits")
    const grouping = changing(branches.slice(0, 1)).then(() => "done", codeOf)
    expect(await waitsFor(database.adminUrl, admin, grouping, 2)).toBe("waits")
    await admin.query("rollback")
    expect([await applying, await grouping]).toEqual(["done", "done"])
  })
  const kept = await clinic.admin<{ purpose: string }>("select distinct purpose from wardkeep.token where actor = $1", [
    actor,
  ])
  expect(kept).toEqual([{ purpose: "care" }])
})
