import { createHmac, randomUUID } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import { createIssuer, createWardkeep, type Issuer, type Wardkeep } from "@wardkeep/postgres"
import { setBranchGroup } from "@wardkeep/postgres/migrate"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { type Clinic, installClinic } from "#tests/fixture/clinic.ts"
import { asMigrator } from "#tests/fixture/migrator.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { asSuperuser } from "./world.ts"

/** Branches that leave a group or a tenant: whatever is open, or being opened, loses them. */
describe.each(["portable", "accelerated"] as const)("a branch that is taken away, %s", (strategy) => {
  const database = useDatabase()
  let clinic: Clinic
  let wk: Wardkeep
  let issuer: Issuer

  beforeAll(async () => {
    clinic = await installClinic(database.ownerUrl, { strategy })
    wk = createWardkeep({
      pool: { connectionString: database.appUrl(clinic.logins.app), max: 2 },
      policy: clinic.policy,
    })
    const pool = { connectionString: database.url(clinic.logins.issuer), max: 2 }
    issuer = createIssuer({ pool, keyId: clinic.key.id, key: clinic.key.secret })
  })
  afterAll(async () => {
    await wk.close()
    await issuer.close()
  })

  const group = { group: "south" }
  const tenant = (): string => clinic.branches[0].clinic
  const two = (): string[] => [clinic.branches[0].branch, clinic.branches[1].branch]
  const setGroup = (branches: readonly string[]): Promise<void> =>
    asMigrator(database.ownerUrl, clinic, (client) =>
      setBranchGroup({ client, policy: clinic.policy, tenant: tenant(), name: "south", branches }),
    )
  const person = (branches: "all" | { group: string } = group): Promise<Session> => {
    const assignments = [{ tenant: tenant(), branches, role: "reception" }]
    return issuer.issueSession({ actor: "asha", assignments, ttl: "PT1H" })
  }
  const service = (): Promise<Session> =>
    issuer.issueService({ service: "reminders", tenant: tenant(), branches: group })
  const visits = (session: Session): Promise<number> =>
    wk.run(session, async () => (await wk.query("select id from visit")).rows.length)
  const reopen = (session: Session): Promise<Session> => {
    const { role, purpose } = session.grants[0]!
    return issuer.reopenSession({ sessionId: session.id, tenant: tenant(), role, purpose, actor: session.actor })
  }
  /** `issue` begins while `change` is done and not committed. */
  const during = (change: { sql: string; values: unknown[] }, issue: () => Promise<Session>): Promise<Session> =>
    asSuperuser(database.adminUrl, async (admin) => {
      await admin.query("begin")
      await admin.query(change.sql, change.values)
      const issuing = issue()
      await waitsFor(database.adminUrl, admin, issuing)
      await admin.query("commit")
      return await issuing
    })

  it("from a group, leaves the open sessions of people and services alike", async () => {
    await setGroup(two())
    const open = [await person(), await service()]
    const jobs = [await reopen(open[0]!), await reopen(open[1]!)]
    for (const session of [...open, ...jobs]) expect(await visits(session)).toBe(10)
    await setGroup(two().slice(0, 1))
    for (const session of [...open, ...jobs]) expect(await visits(session)).toBe(5)
    await setGroup(two())
    for (const session of [...open, ...jobs]) expect(await visits(session)).toBe(10)
  })

  it("from a group, is not in what is issued or reopened at that moment", async () => {
    const sql = "select wardkeep.set_branch_group($1, 'south', $2)"
    for (const issue of [person, service]) {
      await setGroup(two())
      expect(await visits(await during({ sql, values: [tenant(), two().slice(0, 1)] }, issue))).toBe(5)
      await setGroup(two())
      const open = await issue()
      const again = await during({ sql, values: [tenant(), two().slice(0, 1)] }, () => reopen(open))
      expect(await visits(again)).toBe(5)
    }
  })

  it("by moving it to another tenant, is in no token of the old one, whichever comes first", async () => {
    const moved = randomUUID()
    const add = "insert into branch (id, clinic_id, name) values ($1, $2, 'moving')"
    const move = { sql: "update branch set clinic_id = $2 where id = $1", values: [moved, clinic.branches[2].clinic] }
    const back = (): Promise<unknown> =>
      asSuperuser(database.adminUrl, (admin) =>
        admin.query("update branch set clinic_id = $2 where id = $1", [moved, tenant()]),
      )
    await asSuperuser(database.adminUrl, (admin) => admin.query(add, [moved, tenant()]))
    const branchesOf = async (session: Session): Promise<string[]> =>
      await asSuperuser(database.adminUrl, async (admin) => {
        const sql = "select distinct unnest(branches) as b from wardkeep.token where session_id = $1"
        return (await admin.query<{ b: string }>(sql, [session.id])).rows.map(({ b }) => b)
      })
    for (const issue of [() => person("all"), () => issuer.issueService({ service: "reminders", tenant: tenant() })]) {
      const late = await during(move, issue)
      expect((await branchesOf(late)).sort()).toEqual(two().sort())
      await back()
      // And the other way round: the session is issued and not committed when the branch is moved.
      const text = JSON.stringify({
        ...{ nonce: randomUUID(), issued_at: new Date().toISOString(), actor: "asha", ttl_seconds: 600 },
        assignments: [{ tenant: tenant(), branches: "all", role: "reception" }],
      })
      const mac = createHmac("sha256", clinic.key.secret).update(`session:${text}`).digest()
      const id = await asSuperuser(database.url(clinic.logins.issuer), async (open) => {
        await open.query("begin")
        const sql = "select session_id from wardkeep.issue_session($1, $2, $3)"
        const { rows } = await open.query<{ session_id: string }>(sql, [text, clinic.key.id, mac])
        const moving = asSuperuser(database.adminUrl, (admin) => admin.query(move.sql, move.values))
        await waitsFor(database.adminUrl, open, moving)
        await open.query("commit")
        await moving
        return rows[0]?.session_id ?? ""
      })
      const token = await branchesOf({ id, actor: "asha", expiresAt: "", grants: [] })
      expect(token.sort()).toEqual(two().sort())
      await back()
    }
  })

  it("in a transaction that would not see what has just been issued, is refused", async () => {
    await asSuperuser(database.adminUrl, async (admin) => {
      await admin.query("begin isolation level repeatable read")
      const id = randomUUID()
      await admin.query("insert into branch (id, clinic_id, name) values ($1, $2, 'moving')", [id, tenant()])
      const moving = admin.query("update branch set clinic_id = $2 where id = $1", [id, clinic.branches[2].clinic])
      await expect(moving).rejects.toMatchObject({ code: "WK009" })
      await admin.query("rollback")
    })
  })
})
