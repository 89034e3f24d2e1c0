import type { Session } from "@wardkeep/postgres"
import { describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { liftNarrowing, narrowRole, type Taken } from "./assignments.js"

const clinic = useAssigned(useDatabase())
const code = (wanted: string) => expect.objectContaining({ code: wanted })
let counter = 0
const person = async (role: string, over = {}): Promise<{ actor: string; session: Session }> => {
  const actor = `person-${counter++}`
  await clinic.grant(actor, role, 0, over)
  return { actor, session: await clinic.session(actor) }
}
const boss = async (role = "chief"): Promise<Session> => (await person(role, { scope: "all" })).session
const narrow = (session: Session, role: string, taken: Taken) =>
  clinic.wk.run(session, { role: session.grants[0]?.role ?? "" }, () =>
    narrowRole(clinic.wk, clinic.host.policy, { role, taken, reason: "audit" }),
  )
const lift = (session: Session, role: string, taken: Taken) =>
  clinic.wk.run(session, { role: session.grants[0]?.role ?? "" }, () =>
    liftNarrowing(clinic.wk, clinic.host.policy, { role, taken, reason: "done" }),
  )
const visits = (session: Session): Promise<number> =>
  clinic.wk.run(session, { purpose: "care" }, async () => (await clinic.wk.query("select from visit")).rowCount ?? -1)
const staff = (session: Session, role = "principal"): Promise<number> =>
  clinic.wk.run(session, { purpose: "billing", role }, async () => {
    return (await clinic.wk.query("select from staff")).rowCount ?? -1
  })
const action = { action: "read", table: "visit" } as const

describe("what a tenant takes from a role", () => {
  it("it takes from a combination that holds the role, from open sessions, jobs and new ones, until it is lifted", async () => {
    const chief = await boss()
    const { actor, session } = await person("principal")
    expect(await visits(session)).toBe(2)
    await narrow(chief, "doctor", action)
    const { grants, id } = session
    const grant = grants.find(({ purpose }) => purpose === "care")!
    const { tenant, role, purpose } = grant
    const job = await clinic.issuer.reopenSession({ sessionId: id, tenant, role, purpose, actor })
    for (const one of [session, job, await clinic.session(actor)]) expect(await visits(one)).toBe(0)
    expect(await lift(chief, "doctor", action)).toBe(true)
    expect(await visits(session), "an open session only ever loses").toBe(0)
    expect(await visits(await clinic.session(actor))).toBe(2)
  })

  it("a purpose: the combination keeps its others", async () => {
    const chief = await boss()
    const { actor, session } = await person("principal")
    await narrow(chief, "doctor", { purpose: "care" })
    const later = await clinic.session(actor)
    expect(later.grants.map(({ purpose }) => purpose)).toEqual(["billing"])
    await expect(visits(session)).rejects.toEqual(code("WK102"))
    for (const one of [session, later]) expect(await staff(one)).toBe(0)
    await lift(chief, "doctor", { purpose: "care" })
    expect((await clinic.session(actor)).grants).toHaveLength(2)
  })

  it("the whole role: the combination ends with it, and its actor signs in as what is left once that is assigned", async () => {
    const chief = await boss()
    const { actor, session } = await person("principal")
    await narrow(chief, "doctor", "role")
    await expect(visits(session)).rejects.toEqual(code("WK102"))
    await expect(staff(session)).rejects.toEqual(code("WK102"))
    await expect(clinic.session(actor)).rejects.toEqual(code("WK202"))
    await clinic.grant(actor, "cashier", 0)
    const left = await clinic.session(actor)
    expect(left.grants.map(({ role }) => role)).toEqual(["cashier"])
    expect(await staff(left, "cashier")).toBe(0)
    await lift(chief, "doctor", "role")
    expect((await clinic.session(actor)).grants.map(({ role }) => role).sort()).toEqual([
      "cashier",
      "principal",
      "principal",
    ])
  })

  it("a role that extends it keeps: that is a role of its own, and narrowed by its own name", async () => {
    const chief = await boss()
    const { session } = await person("locum", { validUntil: new Date(Date.now() + 3_600_000) })
    await narrow(chief, "doctor", action)
    await narrow(chief, "doctor", { purpose: "care" })
    expect(await visits(session)).toBe(2)
    await narrow(chief, "locum", action)
    expect(await visits(session)).toBe(0)
    await clinic.admin("delete from wardkeep.narrowing")
  })

  it("is for whoever may grant every combination that the role is in, to take and to give back", async () => {
    const admin = await boss("admin")
    const chief = await boss()
    const { session } = await person("principal")
    await expect(narrow(admin, "doctor", "role")).rejects.toMatchObject({
      code: "WK206",
      message: expect.stringMatching(/a combination holds it/),
      hint: "Add to mayGrant of admin: principal",
    })
    expect(await visits(session)).toBe(2)
    await narrow(admin, "reception", action)
    await narrow(chief, "doctor", action)
    await expect(lift(admin, "doctor", action)).rejects.toEqual(code("WK206"))
    expect(await lift(admin, "reception", action)).toBe(true)
    const both = `both-${counter++}`
    await clinic.grant(both, "chief", 0, { scope: "all" })
    await clinic.grant(both, "principal", 0)
    const [own] = (await clinic.session(both)).grants.filter(({ role }) => role === "chief")
    const asChief = { ...(await clinic.session(both)), grants: own === undefined ? [] : [own] }
    await expect(lift(asChief, "doctor", action)).rejects.toEqual(code("WK206"))
    expect(await lift(chief, "doctor", action)).toBe(true)
  })
})
