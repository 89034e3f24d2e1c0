import { randomUUID } from "node:crypto"
import pg from "pg"
import { beforeAll, describe, expect, it } from "vitest"
import { type Clinic, connected, installClinic, withLogin } from "#tests/fixture/clinic.ts"
import { asMigrator, asTableOwner, forceOf } from "#tests/fixture/migrator.ts"
import { type UsedDatabase, useDatabase } from "#tests/harness/src/use-database.ts"
import { backfill, load, maintenance, type Strategy } from "../migrate/index.js"

let database: UsedDatabase
let clinic: Clinic
const refused = expect.stringMatching(/^(42501|WK101|0A000)$/)

/** What the fence decides is tried under both strategies; what PostgreSQL's FORCE and locks decide, under one. */
function installed(strategy: Strategy): void {
  // Only a superuser may grant the parameter of the accelerated strategy.
  const mine = useDatabase(strategy === "accelerated" ? { owner: "superuser" } : {})
  beforeAll(async () => {
    database = mine
    clinic = await installClinic(mine.ownerUrl, { strategy })
    await asTableOwner(mine.adminUrl, clinic, (owner) =>
      owner.query(`create table clinic_patient_count (clinic_id uuid, n bigint);
      create table imported (clinic_id uuid, branch_id uuid, patient_id uuid, note text);
      create materialized view busy as select branch_id, count(*) as n from patient group by branch_id with no data`),
    )
  })
}

/** Runs as the owner outside both entrances, with filtering as an error and with filtering asked for. */
async function outside(sql: string): Promise<void> {
  for (const setting of ["off", "on"]) {
    await asTableOwner(database.adminUrl, clinic, async (owner) => {
      await owner.query(`set row_security = ${setting}`)
      await expect(owner.query(sql), `${sql} with row_security ${setting}`).rejects.toMatchObject({ code: refused })
    })
  }
}

const inMaintenance = <T>(tables: string[], work: Parameters<typeof maintenance<T>>[1]): Promise<T> =>
  asMigrator(database.adminUrl, clinic, (client) =>
    maintenance({ client, policy: clinic.policy, tables, reason: "test" }, work),
  )

const inBackfill = <T>(work: Parameters<typeof backfill<T>>[1]) =>
  asMigrator(database.adminUrl, clinic, (client) => backfill({ client, policy: clinic.policy, reason: "test" }, work))

/** What the superuser counts: the truth. */
async function truth(sql: string): Promise<number> {
  return await connected(database.adminUrl, async (admin) => {
    const { rows } = await admin.query<{ n: number }>(`select (${sql})::int as n`)
    return rows[0]?.n ?? -1
  })
}

describe.each<Strategy>(["portable", "accelerated"])("with the fence of the %s strategy", (strategy) => {
  installed(strategy)

  describe("UPDATE of every row", () => {
    it("raises outside, and reaches every row in maintenance and in backfill", async () => {
      const sql = "update public.patient set phone = phone || '0'"
      await outside(sql)
      const all = await truth("select count(*) from patient")
      expect((await inMaintenance(["patient"], (q) => q.query(sql))).rowCount).toBe(all)
      const { done } = await inBackfill(async (q) => (await q.query(sql)).rowCount ?? 0)
      expect(done.map((entry) => entry.result).reduce((a, b) => a + b)).toBe(all)
      expect(done).toHaveLength(2)
      expect(await truth("select count(*) from patient where phone like '%00'")).toBe(all)
      const words = "select count(*) from patient_word w join patient p on p.id = w.patient_id"
      expect(await truth(`${words} where w.word = wardkeep.digit_word(p.phone)`)).toBe(all)
      expect(await truth(`select count(*) from patient_word where word like '#%'`)).toBe(all)
    })
  })

  describe("a branch that somebody left on the session", () => {
    it("narrows neither backfill nor load: every row of the tenant is reached", async () => {
      const all = await truth("select count(*) from patient")
      const [a, b] = clinic.branches
      const columns = ["clinic_id", "branch_id", "full_name"]
      await asMigrator(database.adminUrl, clinic, async (client) => {
        await client.query("select set_config('wardkeep.branch', $1, false)", [a.branch])
        const { policy } = clinic
        const { done } = await backfill({ client, policy, reason: "test" }, (q) =>
          q.query("update public.patient set phone = phone"),
        )
        expect(done.map(({ result }) => result.rowCount ?? 0).reduce((x, y) => x + y)).toBe(all)
        const rows = [
          [a.clinic, a.branch, "here"],
          [b.clinic, b.branch, "there"],
        ]
        expect(await load({ client, policy, table: "patient", columns, rows, reason: "import" })).toMatchObject({
          rows: 2,
        })
      })
      expect(await truth("select count(*) from patient")).toBe(all + 2)
    })
  })

  describe("INSERT … SELECT", () => {
    it("raises outside, and reads every row inside", async () => {
      const sql = "insert into clinic_patient_count select clinic_id, count(*) from public.patient group by clinic_id"
      await outside(sql)
      expect((await inMaintenance(["patient"], (q) => q.query(sql))).rowCount).toBe(2)
      const { done } = await inBackfill(async (q) => (await q.query(sql)).rowCount)
      expect(done.map((entry) => entry.result)).toEqual([1, 1])
      expect(await truth("select sum(n) from clinic_patient_count")).toBe(
        2 * (await truth("select count(*) from patient")),
      )
    })
  })

  describe("a bulk load", () => {
    // The bound is on the slower strategy; under the other one less is enough to show the way.
    const size = strategy === "portable" ? 50_000 : 5_000
    it(`raises outside as COPY, and loads ${size} patients within a minute with load()`, async () => {
      await outside("copy public.patient (clinic_id, branch_id, full_name) from stdin")
      const before = await truth("select count(*) from patient")
      const started = Date.now()
      const rows = function* () {
        for (let n = 0; n < size; n++) {
          const { clinic: tenant, branch } = clinic.branches[n % 3] ?? clinic.branches[0]
          yield [tenant, branch, `Loaded\t${n} श्याम\\`, `+9177${String(n).padStart(8, "0")}`]
        }
      }
      const result = await asMigrator(database.adminUrl, clinic, (client) =>
        load({
          client,
          policy: clinic.policy,
          table: "patient",
          columns: ["clinic_id", "branch_id", "full_name", "phone"],
          rows: rows(),
          reason: "import",
        }),
      )
      expect(result).toEqual({ rows: size, tenants: 2 })
      expect(Date.now() - started).toBeLessThan(60_000)
      expect(await truth("select count(*) from patient")).toBe(before + size)
      expect(await truth("select count(*) from patient_word where word = 'श्याम\\'")).toBe(size)
      expect(await truth("select count(*) from pg_class where relname like 'wk_load%'")).toBe(0)
    }, 120_000)

    it("ends when the rows it is fed throw, with their error, and leaves the connection usable", async () => {
      const [a] = clinic.branches
      const before = await truth("select count(*) from patient")
      await asMigrator(database.adminUrl, clinic, async (client) => {
        const columns = ["clinic_id", "branch_id", "full_name"]
        const rows = function* () {
          for (let n = 0; n < 5000; n++) yield [a.clinic, a.branch, `half ${n}`]
          throw new Error("the file ended early")
        }
        const options = { client, policy: clinic.policy, table: "patient", columns, rows: rows(), reason: "import" }
        await expect(load(options)).rejects.toThrow("the file ended early")
        expect((await client.query("select current_user = session_user as back")).rows).toEqual([{ back: true }])
      })
      expect(await truth("select count(*) from patient")).toBe(before)
    })

    it("keeps nothing when one row belongs to no tenant, an unknown tenant or a foreign branch", async () => {
      const [a, , c] = clinic.branches
      const before = await truth("select count(*) from patient")
      for (const [row, code] of [
        [[null, a.branch, "nobody's"], "WK307"],
        [[randomUUID(), a.branch, "unknown"], "WK307"],
        [[a.clinic, c.branch, "foreign branch"], "42501"],
      ] as const) {
        await expect(
          asMigrator(database.adminUrl, clinic, (client) =>
            load({
              client,
              policy: clinic.policy,
              table: "patient",
              columns: ["clinic_id", "branch_id", "full_name"],
              rows: [[a.clinic, a.branch, "fine"], row],
              reason: "import",
            }),
          ),
        ).rejects.toMatchObject({ code })
      }
      expect(await truth("select count(*) from patient")).toBe(before)
    })
  })

  describe("FOREIGN KEY over planted orphans and rows that cross branches", () => {
    const key = (columns: string, not = "") =>
      `alter table public.imported add constraint imported_patient foreign key (${columns}) references public.patient (${columns.replace("patient_id", "id")}) ${not}`
    const full = "clinic_id, branch_id, patient_id"
    const validate = "alter table public.imported validate constraint imported_patient"

    async function plant(sql: string): Promise<void> {
      await asTableOwner(database.adminUrl, clinic, (owner) => owner.query(`truncate imported`))
      await connected(database.adminUrl, (admin) => admin.query(sql))
    }
    const valid = "insert into imported select clinic_id, branch_id, id, 'fine' from patient limit 20"
    const orphan = `${valid}; insert into imported select clinic_id, branch_id, gen_random_uuid(), 'orphan' from patient limit 1`
    const crossing = `${valid}; insert into imported select o.clinic_id, o.branch_id, p.id, 'crossing' from patient p, branch b, lateral (select b.clinic_id, b.id as branch_id) o where b.id <> p.branch_id limit 1`

    it("never reports success outside: ADD and VALIDATE raise, whether the rows are right or not", async () => {
      for (const rows of [valid, orphan, crossing]) {
        await plant(rows)
        await outside(key(full))
        await asTableOwner(database.adminUrl, clinic, (owner) => owner.query(key(full, "not valid")))
        await outside(validate)
        expect(
          await truth("select count(*) from pg_constraint where conname = 'imported_patient' and convalidated"),
        ).toBe(0)
        await asTableOwner(database.adminUrl, clinic, (owner) =>
          owner.query("alter table imported drop constraint imported_patient"),
        )
      }
    })

    it("inside maintenance finds orphans and crossings, and validates what is right", async () => {
      for (const rows of [orphan, crossing]) {
        await plant(rows)
        await expect(inMaintenance(["patient"], (q) => q.query(key(full)))).rejects.toMatchObject({ code: "23503" })
        await expect(
          inMaintenance(["patient"], async (q) => {
            await q.query(key(full, "not valid"))
            await q.query(validate)
          }),
        ).rejects.toMatchObject({ code: "23503" })
        expect(await truth("select count(*) from pg_constraint where conname = 'imported_patient'")).toBe(0)
      }
      await plant(valid)
      await inMaintenance(["patient"], (q) => q.query(key(full, "deferrable initially deferred")))
      expect(
        await truth("select count(*) from pg_constraint where conname = 'imported_patient' and convalidated"),
      ).toBe(1)
      await asTableOwner(database.adminUrl, clinic, (owner) =>
        owner.query("alter table imported drop constraint imported_patient"),
      )
    })

    it("is refused in a backfill, where it would see one tenant only", async () => {
      for (const sql of [key(full), "refresh materialized view busy", "do $$ begin end $$", "copy patient to stdout"]) {
        await expect(inBackfill((q) => q.query(sql))).rejects.toMatchObject({ code: "WK307" })
      }
      await expect(inBackfill((q) => q.query(`select 1; ${key(full)}`))).rejects.toMatchObject({ code: "42601" })
    })
  })

  describe("REFRESH MATERIALIZED VIEW", () => {
    it("raises outside and fills inside maintenance", async () => {
      await outside("refresh materialized view public.busy")
      await inMaintenance(["patient"], (q) => q.query("refresh materialized view public.busy"))
      expect(await truth("select sum(n) from busy")).toBe(await truth("select count(*) from patient"))
    })
  })

  describe("an index that does not lead with the tenant", () => {
    it("changes nothing: whichever term drives the scan raises, and REFRESH is not an empty success", async () => {
      await asTableOwner(database.adminUrl, clinic, (owner) =>
        owner.query("create materialized view visits as select id from visit with no data"),
      )
      await asTableOwner(database.adminUrl, clinic, async (owner) => {
        await owner.query("set row_security = on; set enable_seqscan = off; create index on visit (branch_id)")
        for (const sql of ["select count(*) from public.visit", "refresh materialized view public.visits"])
          await expect(owner.query(sql), sql).rejects.toMatchObject({ code: "WK101" })
        await owner.query(
          "alter table visit drop constraint visit_pkey cascade; drop index visit_clinic_id_branch_id_patient_id_idx",
        )
        for (const sql of ["select count(*) from public.visit", "refresh materialized view public.visits"])
          await expect(owner.query(sql), sql).rejects.toMatchObject({ code: "WK101" })
      })
    })
  })
})

describe("whatever the strategy", () => {
  installed("portable")

  describe("the owner is neither a superuser nor exempt", () => {
    it("owns the tables without BYPASSRLS", async () => {
      await connected(database.adminUrl, async (admin) => {
        const { rows } = await admin.query(
          `select r.rolsuper or r.rolbypassrls as exempt from pg_class c join pg_roles r on r.oid = c.relowner where c.oid = 'patient'::regclass`,
        )
        expect(rows).toEqual([{ exempt: false }])
      })
    })
  })

  describe("a connection that is lost on the way", () => {
    it.each(["maintenance", "backfill"])(
      "leaves %s with the work's own error, and FORCE in place",
      async (entrance) => {
        const work = async (q: { query(text: string): Promise<unknown> }): Promise<void> => {
          await q.query("select pg_terminate_backend(pg_backend_pid())")
        }
        const run = entrance === "backfill" ? inBackfill(work) : inMaintenance(["patient"], work)
        await expect(run).rejects.toThrow(/terminat/i)
        expect(await connected(database.adminUrl, (admin) => forceOf(admin, ["patient"]))).toEqual([
          "patient true true",
        ])
      },
    )
  })

  describe("FORCE", () => {
    const tables = ["patient", "patient_word"]
    const forced = ["patient true true", "patient_word true true"]
    const now = () => connected(database.adminUrl, (admin) => forceOf(admin, tables))

    it("is off in maintenance for the table and its words, and back afterwards", async () => {
      const seen = await inMaintenance(["patient"], async (q) => {
        const { rows } = await q.query<{ n: number }>("select count(*)::int as n from patient_word")
        expect(rows[0]?.n).toBeGreaterThan(0)
        return await q.query("select relforcerowsecurity as f from pg_class where oid = 'patient_word'::regclass")
      })
      expect(seen.rows).toEqual([{ f: false }])
      expect(await now()).toEqual(forced)
    })

    it("stays after an error, a COMMIT or ROLLBACK in the work, and deferred events", async () => {
      await expect(inMaintenance(["patient"], (q) => q.query("select 1/0"))).rejects.toMatchObject({ code: "22012" })
      for (const sql of ["commit", "/* x */ rollback", "end", "begin"])
        await expect(inMaintenance(["patient"], (q) => q.query(sql))).rejects.toMatchObject({ code: "WK307" })
      await expect(
        inMaintenance(["patient"], (q) => q.query("update patient set phone = null; commit")),
      ).rejects.toMatchObject({ code: "WK307" })
      expect(await now()).toEqual(forced)
      expect(await truth("select count(*) from patient where phone is null")).toBe(0)
    })

    it("stays when the backend is terminated or the client dies half-way", async () => {
      await expect(
        asMigrator(database.adminUrl, clinic, async (client) => {
          client.on("error", () => undefined)
          return await maintenance({ client, policy: clinic.policy, tables: ["patient"], reason: "x" }, async (q) => {
            const { rows } = await q.query<{ pid: number }>("select pg_backend_pid() as pid")
            await connected(database.adminUrl, (admin) =>
              admin.query("select pg_terminate_backend($1, 5000)", [rows[0]?.pid]),
            )
            return await q.query("select 1")
          })
        }),
      ).rejects.toThrow()
      expect(await now()).toEqual(forced)
    })

    it("stays when the client's process is gone without a word", async () => {
      const client = new pg.Client({ connectionString: withLogin(database.adminUrl, clinic.logins.migrator) })
      client.on("error", () => undefined)
      await client.connect()
      const work = maintenance({ client, policy: clinic.policy, tables: ["patient"], reason: "x" }, async (q) => {
        await q.query("update patient set phone = null")
        // What the server sees of kill -9: the socket closes.
        Reflect.get(client, "connection").stream.destroy()
        return await q.query("select 1")
      })
      await expect(work).rejects.toThrow()
      expect(await now()).toEqual(forced)
      expect(await truth("select count(*) from patient where phone is null")).toBe(0)
    })

    it("says so when somebody else holds the table, and tells what a reason and a table are", async () => {
      const attempt = (client: pg.Client, tables: string[], reason: string) =>
        maintenance({ client, policy: clinic.policy, tables, reason, lockTimeout: 100 }, async () => 1)
      await connected(withLogin(database.adminUrl, clinic.logins.migrator), async (client) => {
        await expect(attempt(client, ["patient"], " ")).rejects.toMatchObject({ code: "WK307" })
        await expect(attempt(client, ["patience"], "x")).rejects.toThrow("no such table: public.patience")
        await connected(database.adminUrl, async (other) => {
          await other.query("begin; lock table patient in access share mode")
          await expect(attempt(client, ["patient"], "x")).rejects.toThrow("in use for longer")
          await other.query("rollback")
        })
        expect(await attempt(client, ["patient"], "x")).toBe(1)
      })
      await connected(withLogin(database.adminUrl, clinic.logins.app), async (app) => {
        await expect(attempt(app, ["patient"], "x")).rejects.toThrow("may not take the role")
      })
    })
  })
})
