import { randomBytes, randomUUID } from "node:crypto"
import { createIssuer, createWardkeep, type Issuer, type Session, type Wardkeep } from "@wardkeep/postgres"
import type pg from "pg"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { assignedPolicy } from "#tests/fixture/assigned.ts"
import { waitsFor } from "#tests/fixture/blocked.ts"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { type Host, installHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { addTenant, drift, emit, grantAsOwner, maintenance } from "../migrate/index.js"

const database = useDatabase()
const key = { id: "k001", secret: randomBytes(32) }

/** A unique key holds the columns that a table is partitioned by, so tenants and branches are partitioned by their keys. */
const schema = `
create table clinic (id text primary key) partition by range (id);
create table clinic_a partition of clinic for values from ('a') to ('b');
create table clinic_b partition of clinic for values from ('b') to ('c') partition by range (id);
create table clinic_b1 partition of clinic_b for values from ('b') to ('bm');
create table branch (id text primary key, clinic_id text not null) partition by range (id);
create table branch_a partition of branch for values from ('a') to ('b');
create schema archive;
create table archive.branch_b partition of branch for values from ('b') to ('c');
create table patient (clinic_id text not null, branch_id text not null, id uuid not null default gen_random_uuid(),
  primary key (clinic_id, branch_id, id))`

let host: Host
let issuer: Issuer
let wk: Wardkeep
let round = 0
/** Two tenants in two partitions, and one branch of each in two as well. */
let a: { readonly tenant: string; readonly branch: string }
let b: { readonly tenant: string; readonly branch: string }

const migrator = <T>(work: (client: pg.Client) => Promise<T>): Promise<T> =>
  connected(withLogin(database.adminUrl, host.logins.migrator), work)
const asOwner = (sql: string) => host.asOwner((owner) => owner.query(sql))
const admin = async <R extends object>(text: string, values: unknown[] = []): Promise<R[]> =>
  await connected(database.adminUrl, async (client) => (await client.query(text, values)).rows as R[])
const maintained = (table: string, sql: string) =>
  migrator((client) =>
    maintenance({ client, policy: host.policy, tables: [table], reason: "test" }, (q) => q.query(sql)),
  )
const drifted = async (): Promise<string[]> =>
  (await host.asOwner((client) => drift({ client, policy: host.policy }))).map(({ message }) => message)

async function add(tenant: string, branch: string): Promise<void> {
  await migrator((client) =>
    addTenant({ client, policy: host.policy, tenant: { id: tenant }, branches: [{ id: branch }], reason: "test" }),
  )
  await admin("insert into patient (clinic_id, branch_id) values ($1, $2)", [tenant, branch])
}

async function doctorOf(tenant: string, actor: string = randomUUID()): Promise<Session> {
  const grant = { actor, role: "doctor", tenant, scope: "all" as const, reason: "test" }
  await migrator((client) => grantAsOwner({ client, policy: host.policy, ...grant }))
  return await issuer.issueSession({ actor, ttl: "PT1H" })
}

const patients = (session: Session) => wk.run(session, async () => (await wk.query("select from patient")).rowCount)
const ended = { code: "WK102" }

beforeAll(async () => {
  host = await installHost(
    database.ownerUrl,
    schema,
    assignedPolicy({
      tables: { clinic: { scope: "tenant" }, branch: { scope: "tenant" }, patient: { scope: "branch" } },
      roles: { doctor: { purposes: ["care"], can: { patient: "manage" } } },
      combinations: {},
      exclusive: [],
      breakGlass: undefined,
      services: {},
    }),
  )
  await host.asOwner((owner) => owner.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
  await host.apply()
  const url = (login: Host["logins"]["app"]) => withLogin(database.adminUrl, login)
  issuer = createIssuer({
    pool: { connectionString: url(host.logins.issuer), max: 2 },
    keyId: key.id,
    key: key.secret,
  })
  wk = createWardkeep({ pool: { connectionString: url(host.logins.app), max: 2 }, policy: host.policy, issuer })
})

afterAll(async () => {
  await wk.close()
  await issuer.close()
})

beforeEach(async () => {
  round += 1
  a = { tenant: `a${round}`, branch: `a${round}-main` }
  b = { tenant: `b${round}`, branch: `b${round}-main` }
  await add(a.tenant, a.branch)
  await add(b.tenant, b.branch)
})

describe("a partition of the table of branches that is emptied", () => {
  it("in maintenance ends the sessions of its branches, and no others", async () => {
    const [first, second] = [await doctorOf(a.tenant), await doctorOf(b.tenant)]
    expect([await patients(first), await patients(second)]).toEqual([1, 1])
    await maintained("branch", "truncate archive.branch_b")
    await expect(patients(second)).rejects.toMatchObject(ended)
    expect(await patients(first)).toBe(1)
    expect(await admin("select from wardkeep.known_branch where branch = $1", [b.branch])).toEqual([])
    expect(await admin("select end_reason from wardkeep.session where id = $1", [second.id])).toEqual([
      { end_reason: "no branch left" },
    ])
  })

  it("has a whole that is called otherwise meanwhile", async () => {
    const [first, second] = [await doctorOf(a.tenant), await doctorOf(b.tenant)]
    await migrator((client) =>
      maintenance({ client, policy: host.policy, tables: ["branch"], reason: "test" }, async (q) => {
        await q.query("alter table branch rename to branches")
        await q.query("truncate archive.branch_b")
        await q.query("alter table branches rename to branch")
      }),
    )
    await expect(patients(second)).rejects.toMatchObject(ended)
    expect(await patients(first)).toBe(1)
  })

  it("is refused where nobody sees which branches are left, and nothing ends", async () => {
    const session = await doctorOf(b.tenant)
    await expect(asOwner("truncate archive.branch_b")).rejects.toMatchObject({ code: "WK307" })
    expect(await patients(session)).toBe(1)
  })

  it("with all others ends everything", async () => {
    const session = await doctorOf(a.tenant)
    await asOwner("truncate branch_a, archive.branch_b")
    await expect(patients(session)).rejects.toMatchObject(ended)
    expect(await admin("select from wardkeep.known_branch")).toEqual([])
  })

  it("keeps a key that another partition has meanwhile", async () => {
    const session = await doctorOf(b.tenant)
    await maintained(
      "branch",
      `alter table branch detach partition archive.branch_b;
       create table branch_b2 partition of branch for values from ('b') to ('c');
       insert into branch_b2 select * from archive.branch_b;
       truncate archive.branch_b, branch_a`,
    )
    expect(await patients(session)).toBe(1)
    await asOwner("drop table archive.branch_b")
    await host.apply()
    expect(await patients(session)).toBe(1)
    expect((await host.plan()).steps).toEqual([])
    await asOwner("alter table branch_b2 rename to branch_b; alter table branch_b set schema archive")
    await host.apply()
    expect(await patients(session)).toBe(1)
  })
})

describe("a partition of the table of tenants that is emptied", () => {
  it.each(["clinic_b", "clinic_b1"])("%s: revokes what was granted there, and nothing elsewhere", async (table) => {
    const [first, second] = [await doctorOf(a.tenant, `one-${round}`), await doctorOf(b.tenant, `two-${round}`)]
    await maintained("clinic", `truncate ${table}`)
    await expect(patients(second)).rejects.toMatchObject(ended)
    expect(await patients(first)).toBe(1)
    // The key is given out again, to somebody else.
    await migrator((client) =>
      maintenance({ client, policy: host.policy, tables: ["clinic"], reason: "test" }, (q) =>
        q.query("insert into clinic values ($1)", [b.tenant]),
      ),
    )
    await expect(issuer.issueSession({ actor: `two-${round}`, ttl: "PT1H" })).rejects.toMatchObject({ code: "WK202" })
    expect(await admin("select revoke_reason from wardkeep.assignment where actor = $1", [`two-${round}`])).toEqual([
      { revoke_reason: "tenant deleted" },
    ])
  })
})

describe("tenants that go at once", () => {
  it("are all waited for before the first session is held", async () => {
    const [first, last] = [`b${round}-1`, `b${round}-2`]
    await add(first, `${first}-main`)
    await add(last, `${last}-main`)
    const session = await doctorOf(first)
    await connected(database.adminUrl, async (holder) => {
      await holder.query("begin")
      await holder.query("select from wardkeep.known_tenant where tenant = $1 for share", [last])
      const emptied = maintained("clinic", "truncate clinic_b")
      expect(await waitsFor(database.adminUrl, holder, emptied)).toBe("waits")
      const { rowCount } = await holder.query("select from wardkeep.session where id = $1 for update nowait", [
        session.id,
      ])
      expect(rowCount).toBe(1)
      await holder.query("rollback")
      await emptied
    })
    await expect(patients(session)).rejects.toMatchObject(ended)
  })
})

describe("a partition that is detached", () => {
  it("half only is a leak that the plan names with the statement that ends it", async () => {
    const session = await doctorOf(b.tenant)
    await connected(database.adminUrl, async (reader) => {
      await reader.query("begin")
      await reader.query("select from branch")
      const begun = host.asOwner(async (owner) => {
        await owner.query("set statement_timeout = '1s'")
        await owner.query("alter table branch detach partition archive.branch_b concurrently")
      })
      await expect(begun).rejects.toMatchObject({ code: "57014" })
      await reader.query("rollback")
    })
    const named = async () => (await host.plan()).findings.filter(({ check }) => check === "detach-pending")
    const [found, ...others] = await named()
    expect([found?.severity, found?.object, others]).toEqual(["leak", "archive.branch_b", []])
    await asOwner(found!.fix!.replace(/, then wardkeep apply$/, ""))
    expect(await named()).toEqual([])
    await host.apply()
    await expect(patients(session)).rejects.toMatchObject(ended)
    await asOwner(`truncate archive.branch_b;
      alter table branch attach partition archive.branch_b for values from ('b') to ('c')`)
    await host.apply()
  })

  it("and attached again is done with by the SQL of the plan, which forgives nothing else", async () => {
    await asOwner("alter table branch detach partition archive.branch_b")
    await host.apply()
    await asOwner("alter table branch attach partition archive.branch_b for values from ('b') to ('c')")
    const shown = emit(await host.plan())
    await asOwner("alter policy wk_fence on patient using (true)")
    await asOwner(shown)
    expect((await host.plan()).steps.map(({ object }) => object)).toEqual(["policy public.patient wk_fence"])
    await asOwner(emit(await host.plan()))
    expect((await host.plan()).steps).toEqual([])
    await asOwner("alter policy wk_fence on archive.branch_b using (true)")
    expect((await host.plan()).steps.map(({ object }) => object)).toEqual(["policy archive.branch_b wk_fence"])
    await host.apply()
    expect(await drifted()).toEqual([])
  })

  it("takes the sessions of its branches and the assignments of its tenants with the next apply", async () => {
    const [first, second] = [await doctorOf(a.tenant), await doctorOf(b.tenant, `gone-${round}`)]
    await asOwner("alter table branch detach partition archive.branch_b")
    expect((await host.plan()).steps.map(({ object }) => object)).toContain("trigger public.branch wk_mirror_branch")
    // What becomes of it from here on is no longer about branches of ours.
    await asOwner("truncate archive.branch_b")
    await host.apply()
    await expect(patients(second)).rejects.toMatchObject(ended)
    expect(await patients(first)).toBe(1)
    const again = await doctorOf(a.tenant, `both-${round}`)
    await asOwner("alter table clinic detach partition clinic_b")
    await host.apply({ ...host.policy, rest: "unmanaged" })
    expect(await patients(again)).toBe(1)
    await expect(issuer.issueSession({ actor: `gone-${round}`, ttl: "PT1H" })).rejects.toMatchObject({ code: "WK202" })
    expect((await host.plan({ ...host.policy, rest: "unmanaged" })).steps).toEqual([])
    await asOwner(`alter table clinic attach partition clinic_b for values from ('b') to ('c');
      alter table branch attach partition archive.branch_b for values from ('b') to ('c')`)
    await host.apply()
  })

  it("or attached is known from the next apply on, with what it brought", async () => {
    await asOwner(`create table branch_c (id text primary key, clinic_id text not null);
      insert into branch_c values ('c${round}', '${a.tenant}');
      alter table branch attach partition branch_c for values from ('c') to ('d')`)
    expect(await drifted()).toContain("table public.branch_c appeared since the policy was applied")
    await host.apply()
    expect((await host.plan()).steps).toEqual([])
    expect(await admin("select tenant from wardkeep.known_branch where branch = $1", [`c${round}`])).toEqual([
      { tenant: a.tenant },
    ])
    await maintained("branch", "truncate branch_c")
    expect(await admin("select from wardkeep.known_branch where branch = $1", [`c${round}`])).toEqual([])
  })
})

describe("triggers of a partition", () => {
  it("that are gone or switched off are drift", async () => {
    await asOwner(`drop trigger wk_mirror_branch_truncate on archive.branch_b;
      alter table archive.branch_b disable trigger wk_mirror_branch`)
    expect(await drifted()).toEqual(
      expect.arrayContaining([
        "trigger archive.branch_b wk_mirror_branch_truncate is gone since the policy was applied",
        "trigger archive.branch_b wk_mirror_branch changed since the policy was applied",
      ]),
    )
    await host.apply()
    expect((await host.plan()).steps).toEqual([])
    expect(await drifted()).toEqual([])
  })

  it.each([
    [
      "rows of branches",
      "alter table archive.branch_b disable trigger wk_mirror_branch",
      () => maintained("branch", `delete from branch where id = '${b.branch}'`),
    ],
    [
      "TRUNCATE of branches",
      "drop trigger wk_mirror_branch_truncate on archive.branch_b",
      () => maintained("branch", "truncate archive.branch_b"),
    ],
    [
      "TRUNCATE of tenants",
      "drop trigger wk_mirror_tenant_truncate on clinic_b; alter table clinic_b1 disable trigger wk_mirror_tenant_truncate",
      () => maintained("clinic", "truncate clinic_b"),
    ],
    [
      "TRUNCATE of a whole",
      ["branch", "branch_a", "archive.branch_b"]
        .map((table) => `drop trigger wk_mirror_branch_truncate on ${table}`)
        .join(";"),
      () => maintained("branch", "truncate branch"),
    ],
  ])("are made up for by the next apply: %s", async (_what, off, write) => {
    const session = await doctorOf(b.tenant)
    await asOwner(off)
    await write()
    await host.apply()
    await expect(patients(session)).rejects.toMatchObject(ended)
    expect((await host.plan()).steps).toEqual([])
    expect(await drifted()).toEqual([])
  })
})

describe("a key that takes its row to another partition", () => {
  it("is another key: sessions of the old one end, and those of others go on", async () => {
    const [first, second] = [await doctorOf(a.tenant), await doctorOf(b.tenant)]
    await maintained("branch", `update branch set id = 'b-moved-${round}' where id = '${a.branch}'`)
    await expect(patients(first)).rejects.toMatchObject(ended)
    expect(await patients(second)).toBe(1)
    await maintained("branch", `update branch set clinic_id = clinic_id`)
    expect(await patients(second)).toBe(1)
  })
})
