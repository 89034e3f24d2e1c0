import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { type Clinic, connected, installClinic } from "#tests/fixture/clinic.ts"
import { asMigrator, asTableOwner, forceOf } from "#tests/fixture/migrator.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { backfill, exportTenants, load, maintenance } from "../migrate/index.js"

const database = useDatabase()
let clinic: Clinic

beforeAll(async () => {
  clinic = await installClinic(database.ownerUrl)
})

const asAdmin = <T extends pg.QueryResultRow>(sql: string) =>
  connected(database.adminUrl, (admin) => admin.query<T>(sql))

/** Tokens and open sessions of the owner. */
async function open(): Promise<unknown> {
  const { rows } = await asAdmin(`select (select count(*)::int from wardkeep.token where role = 'owner') as tokens,
    (select count(*)::int from wardkeep.session where kind = 'backfill' and ended_at is null) as sessions`)
  return rows[0]
}

describe("when the owner's work is over", () => {
  const reason = "test"

  it("neither its tokens nor its sessions are there, after a backfill, a load or an export, done or failed", async () => {
    const [{ clinic: tenant, branch }] = clinic.branches
    const directory = await mkdtemp(join(tmpdir(), "wk-over-"))
    await asMigrator(database.adminUrl, clinic, async (client) => {
      const { policy } = clinic
      await backfill({ client, policy, reason }, (q) => q.query("update patient set phone = phone"))
      expect(await open(), "backfill").toEqual({ tokens: 0, sessions: 0 })
      const columns = ["clinic_id", "branch_id", "full_name"]
      await load({ client, policy, table: "patient", columns, rows: [[tenant, branch, "Asha"]], reason })
      expect(await open(), "load").toEqual({ tokens: 0, sessions: 0 })
      await asMigrator(database.adminUrl, clinic, (counter) =>
        exportTenants({ client, counter, policy, directory, reason }),
      )
      expect(await open(), "export").toEqual({ tokens: 0, sessions: 0 })
      await expect(backfill({ client, policy, reason }, (q) => q.query("select 1/0"))).rejects.toMatchObject({
        code: "22012",
      })
      expect(await open(), "failed").toEqual({ tokens: 0, sessions: 0 })
    })
    await rm(directory, { recursive: true })
    const { rows } = await asAdmin(
      "select count(*)::int as n, array_agg(distinct end_reason) as reasons from wardkeep.session where kind = 'backfill'",
    )
    expect(rows).toEqual([{ n: 5, reasons: ["the work is over"] }])
  })

  it("what was deferred to its end still ran in its context", async () => {
    await asTableOwner(database.adminUrl, clinic, (owner) =>
      owner.query(`create table seen (n bigint);
        create function public.look() returns trigger language plpgsql as 'begin insert into public.seen select count(*) from public.visit; return null; end';
        create constraint trigger look after update on visit deferrable initially deferred for each row execute function public.look()`),
    )
    const [{ clinic: tenant }] = clinic.branches
    await asMigrator(database.adminUrl, clinic, (client) =>
      backfill({ client, policy: clinic.policy, reason, tenants: [tenant] }, (q) =>
        q.query("update visit set reason = 'x' where id = (select id from visit limit 1)"),
      ),
    )
    expect((await asAdmin("select n::int from seen")).rows).toEqual([{ n: 2 * clinic.patientsPerBranch }])
    await asAdmin("drop table seen; drop function look() cascade")
  })
})

describe("the check of FORCE at COMMIT", () => {
  const names = ['"visit.2026"', '"visit 100%"']

  it("knows tables by number: whatever is in their names, and after a new name", async () => {
    await asTableOwner(database.adminUrl, clinic, (owner) =>
      owner.query(
        names
          .map(
            (name) =>
              `create table ${name} (n int); alter table ${name} enable row level security, force row level security`,
          )
          .join(";"),
      ),
    )
    const tables = ["visit%2E2026", "visit%20100%25", "visit"].map((name) => `public.${name}`)
    const recorded = "select detail from wardkeep.activity where kind = 'maintenance' order by id desc limit 1"
    const detail = await asMigrator(database.adminUrl, clinic, (client) =>
      maintenance({ client, policy: clinic.policy, tables, reason: "test" }, async (q) => {
        expect(await forceOf(client, names)).toEqual(["visit 100% true false", "visit.2026 true false"])
        await q.query('alter table "visit.2026" rename to "visit 2026"')
        return (await q.query<{ detail: object }>(recorded)).rows[0]?.detail
      }),
    )
    const now = ['"visit 2026"', '"visit 100%"']
    expect(await connected(database.adminUrl, (admin) => forceOf(admin, now))).toEqual([
      "visit 100% true true",
      "visit 2026 true true",
    ])
    // What maintenance wrote, with FORCE left off in the same transaction.
    for (const name of [...now, "visit"])
      await asTableOwner(database.adminUrl, clinic, async (owner) => {
        await owner.query(`begin; alter table ${name} no force row level security`)
        await owner.query("select wardkeep.record('maintenance', null, $1)", [detail])
        await expect(owner.query("commit"), name).rejects.toMatchObject({ code: "WK307" })
      })
    await asAdmin(now.map((name) => `drop table ${name}`).join(";"))
  })

  it("sees another table that was put in the place of one, by maintenance itself and in the database", async () => {
    const swap = `create table visit_new (like visit including all); drop table visit cascade; alter table visit_new rename to visit`
    const tables = ["public.visit"]
    let detail: unknown
    await asMigrator(database.adminUrl, clinic, async (client) => {
      const swapped = maintenance({ client, policy: clinic.policy, tables, reason: "test" }, async (q) => {
        await q.query(swap)
        const recorded = "select detail from wardkeep.activity where kind = 'maintenance' order by id desc limit 1"
        detail = (await q.query<{ detail: object }>(recorded)).rows[0]?.detail
      })
      await expect(swapped).rejects.toMatchObject({ code: "WK307", message: expect.stringContaining("public.visit") })
    })
    await asTableOwner(database.adminUrl, clinic, async (owner) => {
      await owner.query(`begin; ${swap}`)
      await owner.query("select wardkeep.record('maintenance', null, $1)", [detail])
      await expect(owner.query("commit")).rejects.toMatchObject({ code: "WK307" })
    })
  })
})
