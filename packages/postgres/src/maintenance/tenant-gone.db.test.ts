import { randomUUID } from "node:crypto"
import type { Session } from "@wardkeep/postgres"
import { beforeAll, beforeEach, describe, expect, it } from "vitest"
import { useAssigned } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { enterBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { narrowRole } from "../assign/assignments.js"
import { declareBreakGlass, openReviews } from "../assign/break-glass.js"
import { addTenant, backfill, maintenance } from "../migrate/index.js"

/** Keys that a host gives out by name, and so perhaps twice. */
const textKeys = (schema: string): string =>
  schema
    .replace(
      "create table clinic (id uuid primary key default gen_random_uuid()",
      "create table clinic (id text primary key",
    )
    .replace(
      "create table branch (\n  id uuid primary key default gen_random_uuid()",
      "create table branch (\n  id text primary key",
    )
    .replaceAll("clinic_id uuid", "clinic_id text")
    .replaceAll("branch_id uuid", "branch_id text")

const database = useDatabase()
const clinic = useAssigned(database, {}, textKeys)
const reason = "tenant deleted"
const covered = ["clinic", "branch", "patient", "visit"]
let tenant: string
let branch: string
let counter = 0

const migrator = <T>(work: (client: import("pg").Client) => Promise<T>): Promise<T> =>
  connected(withLogin(database.adminUrl, clinic.host.logins.migrator), work)
const add = (id: string, branches: string[]): Promise<unknown> =>
  migrator((client) =>
    addTenant({
      ...{ client, policy: clinic.host.policy, tenant: { id, name: "clinic" }, reason: "contract" },
      branches: branches.map((key) => ({ id: key, name: "branch" })),
    }),
  )
const remove = (id: string): Promise<void> =>
  migrator((client) =>
    maintenance({ client, policy: clinic.host.policy, tables: covered, reason: "closed" }, async (q) => {
      for (const table of ["visit", "patient", "branch"])
        await q.query(`delete from ${table} where clinic_id = $1`, [id])
      await q.query("delete from clinic where id = $1", [id])
    }),
  )
const grant = (actor: string, role: string, over: Record<string, unknown> = {}): Promise<string> =>
  clinic.grant(actor, role, 0, { tenant, scope: "all", ...over })
const patients = async (session: Session): Promise<number> =>
  await clinic.wk.run(session, { tenant }, async () => (await clinic.wk.query("select from patient")).rowCount ?? 0)

beforeEach(async () => {
  tenant = `clinic-${counter}`
  branch = `main-${counter++}`
  await add(tenant, [branch])
})

/** The same keys again, of somebody else. */
const successor = async (): Promise<void> => {
  await remove(tenant)
  await add(tenant, [branch])
  const options = { policy: clinic.host.policy, reason: "import", tenants: [tenant] }
  await migrator((client) =>
    backfill({ client, ...options }, (q) =>
      q.query("insert into patient (clinic_id, branch_id, full_name) values ($1, $2, 'Kavya')", [tenant, branch]),
    ),
  )
}

describe("a tenant that is deleted", () => {
  it("leaves no assignment that would hold in another tenant with the same key", async () => {
    const id = await grant("old-doctor", "doctor")
    const session = await clinic.session("old-doctor")
    await successor()
    await expect(patients(session)).rejects.toMatchObject({ code: "WK102" })
    await expect(clinic.session("old-doctor")).rejects.toMatchObject({ code: "WK202" })
    const recorded = "select revoke_reason, revoked_by like 'login:%' as known from wardkeep.assignment where id = $1"
    expect(await clinic.admin(recorded, [id])).toEqual([{ revoke_reason: reason, known: true }])
    await grant("new-doctor", "doctor")
    expect(await patients(await clinic.session("new-doctor"))).toBe(1)
  })

  it("ends the sessions that hold nothing elsewhere, and no others", async () => {
    await grant("here", "doctor")
    await grant("both", "doctor")
    await clinic.grant("both", "doctor", 2)
    const [here, both] = [await clinic.session("here"), await clinic.session("both")]
    await remove(tenant)
    const ended = "select end_reason from wardkeep.session where id = $1"
    // Its branches went first, as foreign keys want it.
    expect(await clinic.admin(ended, [here.id])).toEqual([{ end_reason: "no branch left" }])
    expect(await clinic.admin(ended, [both.id])).toEqual([{ end_reason: null }])
    const { clinic: other, patients: theirs } = clinic.places[2]
    const seen = await clinic.wk.run(both, { tenant: other }, () => clinic.wk.query("select from patient"))
    expect(seen.rowCount).toBe(theirs.length)
  })

  it("takes its narrowings with it, which stay on record", async () => {
    await grant("chief", "chief")
    await clinic.wk.run(await clinic.session("chief"), { tenant }, () =>
      narrowRole(clinic.wk, clinic.host.policy, { role: "doctor", taken: "role", reason: "house rule" }),
    )
    await successor()
    await grant("doctor-2", "doctor")
    expect(await patients(await clinic.session("doctor-2"))).toBe(1)
    const line = "select detail from wardkeep.activity where kind = 'tenant_gone' and tenant = $1"
    expect(await clinic.admin(line, [tenant])).toEqual([
      {
        detail: {
          reason,
          assignments: 1,
          emergencies: 0,
          narrowings: [expect.objectContaining({ role: "doctor", what: "role", narrowed_by: "chief" })],
        },
      },
    ])
  })

  it("ends its emergencies: nobody opens them, and the reviewers of its successor do not read them", async () => {
    await grant("doctor-3", "doctor")
    const session = await clinic.session("doctor-3")
    const subject = randomUUID()
    const declare = (who: Session): Promise<string> =>
      clinic.wk.run(who, { tenant }, () =>
        declareBreakGlass(clinic.wk, { branch, subject, reason: "unconscious", explanation: "a fall", minutes: 10 }),
      )
    const id = await declare(session)
    await clinic.issuer.openBreakGlass({ id, session })
    await successor()
    await expect(clinic.issuer.openBreakGlass({ id, session })).rejects.toMatchObject({ code: "WK207" })
    await grant("new-chief", "chief")
    const chief = await clinic.session("new-chief")
    expect(await clinic.wk.run(chief, { tenant }, () => openReviews(clinic.wk))).toEqual([])
    const left = "select closed_at is not null as closed, reviewed_at from wardkeep.break_glass where id = $1"
    expect(await clinic.admin(left, [id])).toEqual([{ closed: true, reviewed_at: null }])
    // A closed one keeps its actor from declaring no other.
    await grant("doctor-3", "doctor")
    expect(await declare(await clinic.session("doctor-3"))).not.toBe(id)
  })

  it("waits for a grant and for a declaration that are not committed, and ends them too", async () => {
    await grant("chief-4", "chief")
    await grant("doctor-4", "doctor")
    const calls: [Session, string, unknown[]][] = [
      [
        await clinic.session("chief-4"),
        "select wardkeep.grant_assignment('late', 'doctor', '\"all\"', null, null, null, 'x')",
        [],
      ],
      [
        await clinic.session("doctor-4"),
        "select wardkeep.declare_break_glass($1, 'x', 'unconscious', 'a fall', 5)",
        [branch],
      ],
    ]
    for (const [session, sql, values] of calls) {
      await connected(database.appUrl(clinic.host.logins.app), async (app) => {
        const { dbRole, token } = session.grants[0]!
        await app.query("begin")
        await enterBySql(app, { db_role: dbRole, token, tenant })
        await app.query(sql, values)
        const leaving = remove(tenant)
        expect(await waitsFor(database.adminUrl, app, leaving)).toBe("waits")
        await app.query("commit")
        await leaving
      })
      await add(tenant, [branch])
      if (session.actor === "chief-4") await grant("doctor-4", "doctor")
      if (session.actor === "chief-4") calls[1]![0] = await clinic.session("doctor-4")
    }
    await expect(clinic.session("late")).rejects.toMatchObject({ code: "WK202" })
    const open = "select from wardkeep.break_glass where tenant = $1 and reviewed_at is null and closed_at is null"
    expect(await clinic.admin(open, [tenant])).toEqual([])
  })

  it("waits for an open grant, for which neither narrowing nor offboarding waits", async () => {
    await grant("chief-5", "chief")
    await grant("other-5", "chief")
    const other = await clinic.session("other-5")
    const { dbRole, token } = (await clinic.session("chief-5")).grants[0]!
    await connected(database.appUrl(clinic.host.logins.app), async (app) => {
      await app.query("begin")
      await enterBySql(app, { db_role: dbRole, token, tenant })
      await app.query("select wardkeep.grant_assignment('somebody', 'doctor', '\"all\"', null, null, null, 'x')")
      const narrowing = clinic.wk.run(other, { tenant }, () =>
        narrowRole(clinic.wk, clinic.host.policy, { role: "cashier", taken: "role", reason: "x" }),
      )
      const offboarding = clinic.issuer.offboard({ actor: "chief-5", by: "hr", reason: "left" })
      const late = new Promise((resolve) => setTimeout(resolve, 2_000, "hangs"))
      expect(await Promise.race([Promise.all([narrowing, offboarding]), late])).toEqual([undefined, 1])
      const leaving = remove(tenant).then(() => "gone")
      expect(await waitsFor(database.adminUrl, app, leaving)).toBe("waits")
      await app.query("rollback")
      expect(await leaving).toBe("gone")
    })
  })
})

describe("a tenant whose key changes", () => {
  it("keeps what was taken from its roles; its staff are assigned anew", async () => {
    await grant("chief-6", "chief")
    await grant("doctor-6", "doctor")
    const taken = { action: "delete", table: "visit" } as const
    await clinic.wk.run(await clinic.session("chief-6"), { tenant }, () =>
      narrowRole(clinic.wk, clinic.host.policy, { role: "doctor", taken, reason: "house rule" }),
    )
    await clinic.admin("delete from branch where clinic_id = $1", [tenant])
    await clinic.admin("update clinic set id = $2 where id = $1", [tenant, `${tenant}-new`])
    await expect(clinic.session("doctor-6")).rejects.toMatchObject({ code: "WK202" })
    const narrowings = "select tenant, role, what from wardkeep.narrowing where tenant like $1 || '%'"
    expect(await clinic.admin(narrowings, [tenant])).toEqual([
      { tenant: `${tenant}-new`, role: "doctor", what: "delete public.visit" },
    ])
    const ended = "select revoke_reason from wardkeep.assignment where actor = 'doctor-6'"
    expect(await clinic.admin(ended)).toEqual([{ revoke_reason: "tenant key changed" }])
  })
})

describe("an emptied table of tenants", () => {
  let session: Session
  beforeAll(async () => {
    await clinic.grant("last", "doctor", 0)
    session = await clinic.session("last")
  })

  it("ends the sessions of its branches where these are emptied alone", async () => {
    await clinic.grant("branchless", "doctor", 0)
    const before = await clinic.session("branchless")
    await connected(database.adminUrl, async (admin) => {
      await admin.query("begin")
      await admin.query("truncate branch cascade")
      const { rows } = await admin.query("select end_reason from wardkeep.session where id = $1", [before.id])
      await admin.query("rollback")
      expect(rows).toEqual([{ end_reason: "no branch left" }])
    })
  })

  it("revokes everything, like the deletion of each", async () => {
    await clinic.admin("truncate clinic cascade")
    expect(await clinic.admin("select from wardkeep.assignment where revoked_at is null")).toEqual([])
    expect(await clinic.admin("select from wardkeep.narrowing")).toEqual([])
    expect(await clinic.admin("select from wardkeep.token")).toEqual([])
    await expect(clinic.session("last")).rejects.toMatchObject({ code: "WK202" })
    expect(await clinic.admin("select end_reason from wardkeep.session where id = $1", [session.id])).toEqual([
      { end_reason: reason },
    ])
  })
})
