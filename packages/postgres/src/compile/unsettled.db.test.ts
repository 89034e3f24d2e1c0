import { randomBytes } from "node:crypto"
import { describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { apply, drift, emit, plan, useStrategy } from "../migrate/index.js"

const database = useDatabase()

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic);
create table patient (clinic_id uuid not null, branch_id uuid not null references branch, id int primary key, phone text);
create table visit (clinic_id uuid not null, branch_id uuid not null references branch, id int primary key, patient_id int references patient)`
const tables = { patient: { scope: "branch" }, visit: { scope: "branch" } }
const roles = { doctor: { purposes: ["care"], can: { patient: "manage", visit: "read" } } }

async function withHost(
  work: (host: Host, asAdmin: (sql: string) => Promise<unknown>, adminUrl: string) => Promise<void>,
  also = "",
): Promise<void> {
  await withFreshHost(database, `${schema};${also}`, document({ tables, roles }), (host, { adminUrl }) =>
    work(host, (sql) => connected(adminUrl, (admin) => admin.query(sql)), adminUrl),
  )
}

const found = (host: Host) => host.asOwner((client) => drift({ client, policy: host.policy }))
const objects = async (host: Host): Promise<string[]> => (await found(host)).map(({ object }) => object)
const accepting = (host: Host, accept: readonly string[]) =>
  host.asOwner((client) => apply({ client, policy: host.policy, accept }))

/** What no step corrects: how it comes, the fact, and how a person undoes it. */
const open: readonly [what: string, sql: string, fact: string, undo: string][] = [
  [
    "a function that is not ours, in our schema",
    `create function wardkeep.branches(a int, b text) returns text[] language sql as 'select null::text[]';
     revoke all on function wardkeep.branches(int, text) from public`,
    "function wardkeep.branches(a integer, b text)",
    "drop function wardkeep.branches(int, text)",
  ],
  [
    "a foreign key of the host that is gone",
    "alter table visit drop constraint visit_patient_id_fkey",
    "foreign key public.visit visit_patient_id_fkey",
    "",
  ],
  [
    "a foreign key of ours that is gone",
    "alter table wardkeep.token drop constraint token_session_id_fkey",
    "foreign key wardkeep.token token_session_id_fkey",
    "alter table wardkeep.token add foreign key (session_id) references wardkeep.session on delete cascade",
  ],
  [
    "a trigger on a fenced table",
    `create function public.seen() returns trigger language plpgsql as 'begin return new; end';
     create trigger seen before insert on patient for each row execute function public.seen()`,
    "trigger public.patient seen",
    "drop trigger seen on patient; drop function public.seen()",
  ],
  [
    "a rule on a fenced table",
    "create rule aside as on update to patient do instead nothing",
    "rule public.patient aside",
    "drop rule aside on patient",
  ],
  ["a table in our schema", "create table wardkeep.more (n int)", "table wardkeep.more", "drop table wardkeep.more"],
]

describe("drift that no step corrects", () => {
  it.each(open)("stays drift until somebody undoes or accepts it: %s", async (_what, sql, fact, undo) => {
    await withHost(async (host, asAdmin) => {
      await host.apply()
      expect(await objects(host)).toEqual([])
      await asAdmin(sql)
      expect(await objects(host)).toEqual([fact])
      const result = await host.apply()
      expect(result.applied).toBe(0)
      expect(result.findings.filter(({ check }) => check === "drift-not-corrected")).toMatchObject([
        { object: fact, fix: expect.stringContaining("--accept") },
      ])
      expect(await objects(host), "nothing is forgiven").toEqual([fact])
      await expect(accepting(host, ["nothing of the kind"])).rejects.toMatchObject({ code: "WK009" })
      expect(await accepting(host, ["table public.nothing"]), "of another database").toMatchObject({ applied: 0 })
      if (undo !== "") {
        await asAdmin(undo)
        expect(await objects(host)).toEqual([])
        await asAdmin(sql)
      }
      expect(await accepting(host, [fact])).toMatchObject({ applied: 1 })
      expect(await objects(host)).toEqual([])
      expect(await accepting(host, [fact]), "a second run").toMatchObject({ applied: 0 })
      const recorded = await host.asOwner((client) =>
        client.query("select actor, detail from wardkeep.activity where kind = 'drift_accepted'"),
      )
      expect(recorded.rows).toEqual([{ actor: host.logins.migrator.user, detail: { fact } }])
    })
  })

  it("stays drift where a step takes a part of it away", async () => {
    await withHost(async (host) => {
      await host.apply()
      await host.asOwner((client) =>
        client.query("create function wardkeep.more() returns int language sql as 'select 1'"),
      )
      expect((await host.apply()).applied, "its EXECUTE for PUBLIC").toBe(1)
      expect(await objects(host)).toEqual(["function wardkeep.more()"])
    })
  })

  it("is not what the host's own migrations do to keys and tables of which the plan judges every one", async () => {
    await withHost(async (host, asAdmin) => {
      await host.apply()
      const [key, parent] = ["foreign key (clinic_id, branch_id, patient_id)", "patient (clinic_id, branch_id, id)"]
      await asAdmin(
        `alter table visit set (autovacuum_enabled = off); alter table visit add constraint again ${key} references ${parent} not valid`,
      )
      await host.apply()
      await asAdmin("alter table visit validate constraint again")
      expect(await objects(host)).toEqual(["foreign key public.visit again"])
      const result = await host.apply()
      expect(result.findings.filter(({ check }) => check === "drift-not-corrected")).toEqual([])
      expect(await objects(host)).toEqual([])
    })
  })
})

describe("a row trigger of the host on a partitioned table", () => {
  const visits = `drop table visit;
    create table visit (clinic_id uuid not null, branch_id uuid not null references branch, id int, patient_id int references patient, primary key (id)) partition by range (id);
    create table visit_1 partition of visit for values from (0) to (10);
    create table "visit 2" partition of visit for values from (10) to (20);
    create table visit_3 partition of visit for values from (20) to (30) partition by range (id);
    create table visit_3a partition of visit_3 for values from (20) to (30)`
  const fact = "trigger public.visit seen"
  const made = `create function public.seen() returns trigger language plpgsql as 'begin return new; end';
    create trigger seen before update of patient_id on visit for each row execute function public.seen()`

  it("is one finding however many partitions have it, and one word settles all of it", async () => {
    await withHost(async (host, asAdmin) => {
      await host.apply()
      await asAdmin(made)
      expect(await objects(host)).toEqual([fact])
      const result = await host.apply()
      expect(result.applied).toBe(0)
      expect(result.findings.filter(({ check }) => check === "drift-not-corrected")).toMatchObject([{ object: fact }])
      await asAdmin("drop trigger seen on visit")
      expect(await objects(host), "no partition's was remembered").toEqual([])
      await asAdmin("drop function public.seen()")
      await asAdmin(made)
      expect(await accepting(host, [fact])).toMatchObject({ applied: 1 })
      expect(await objects(host)).toEqual([])
      expect((await host.apply()).applied).toBe(0)

      await asAdmin("alter table visit_1 disable trigger seen")
      expect(await objects(host), "one that is not as the others").toEqual(["trigger public.visit_1 seen"])
      await asAdmin("drop trigger seen on visit")
      expect(await objects(host)).toEqual([fact])
      await accepting(host, [fact])
      expect(await objects(host)).toEqual([])

      const each = ["visit", "visit_1"].map(
        (table) =>
          `create trigger all_seen after update on ${table} for each statement execute function public.seen();`,
      )
      await asAdmin(each.join("\n"))
      expect(await objects(host), "no partition has it from its whole").toEqual([
        "trigger public.visit all_seen",
        "trigger public.visit_1 all_seen",
      ])
    }, visits)
  })
})

describe("functions of the accelerated strategy", () => {
  const dropped = [
    "drop function wardkeep.enter(text, text)",
    "drop function wardkeep.enter(text, text); drop function wardkeep.refuse_entry(text, text)",
    "drop function wardkeep.enter(text, text), wardkeep.refuse_entry(text, text), wardkeep.is_owner(text), wardkeep.branches_looked_up() cascade",
  ]

  it("are put back, whichever is gone, and the strategy stays", async () => {
    await withHost(async (host, asAdmin, adminUrl) => {
      await connected(adminUrl, (admin) => useStrategy(admin, host.policy, "accelerated"))
      await host.apply()
      const entry = () =>
        connected(withLogin(adminUrl, host.logins.app), (app) => app.query("select wardkeep.enter('', '')"))
      await expect(entry()).rejects.toMatchObject({ code: "WK102" })
      for (const sql of dropped) {
        await asAdmin(sql)
        expect(await objects(host)).toContain("function wardkeep.enter(token text, branch text)")
        await expect(entry()).rejects.toMatchObject({ code: "42883" })
        expect((await host.apply()).applied).toBeGreaterThan(0)
        expect(await objects(host)).toEqual([])
        await expect(entry()).rejects.toMatchObject({ code: "WK102" })
      }
      await connected(adminUrl, (admin) => useStrategy(admin, host.policy, "portable"))
      expect((await host.apply()).findings.filter(({ check }) => check === "drift-not-corrected")).toEqual([])
      expect(await objects(host)).toEqual([])
    })
  })
})

describe("a stranger's policy on a table of ours", () => {
  it("is in the way of every plan, as it is on a fenced table", async () => {
    await withHost(async (host, asAdmin) => {
      await host.apply()
      await asAdmin("create policy wide on wardkeep.token for select to public using (true)")
      expect(await objects(host)).toEqual(["policy wardkeep.token wide"])
      await expect(host.apply()).rejects.toMatchObject({ code: "WK303", message: expect.stringContaining("wide") })
      await asAdmin("drop policy wide on wardkeep.token")
      expect((await host.apply()).applied).toBe(0)
      expect(await objects(host)).toEqual([])
    })
  })
})

describe("the SQL of a plan", () => {
  const sqlOf = (host: Host) => host.asOwner(async (client) => emit(await plan({ client, policy: host.policy })))
  const run = (host: Host, sql: string) => host.asOwner((client) => client.query(sql))

  it("saves no first state where the database is no longer the one that was planned", async () => {
    await withHost(async (host, asAdmin) => {
      const sql = await sqlOf(host)
      await asAdmin("create policy wide on wardkeep.token for select to public using (true)")
      await run(host, sql)
      expect((await found(host)).map(({ check }) => check)).toEqual(["policy-not-applied"])
      await asAdmin("drop policy wide on wardkeep.token")
      await host.apply()
      expect(await objects(host)).toEqual([])
    })
  })

  it("forgives what it made, and nothing that somebody did before it ran", async () => {
    await withHost(async (host, asAdmin) => {
      await run(host, await sqlOf(host))
      expect(await objects(host)).toEqual([])
      await asAdmin("drop policy wk_fence on visit")
      const sql = await sqlOf(host)
      await asAdmin("alter table patient disable row level security")
      await run(host, sql)
      expect(await objects(host)).toEqual(["table public.patient"])
      expect((await host.apply()).applied).toBe(1)
      expect(await objects(host)).toEqual([])
    })
  })

  it("has filtering off, and fails where a REVOKE took nothing", async () => {
    const [keeper, reader] = [`keeper_${randomBytes(4).toString("hex")}`, `reader_${randomBytes(4).toString("hex")}`]
    await withHost(async (host, asAdmin) => {
      await host.apply()
      try {
        await asAdmin(`create role ${keeper} bypassrls; create role ${reader}; grant select on visit to ${reader};
          grant select on visit to ${keeper} with grant option`)
        const sql = await sqlOf(host)
        expect(sql).toContain("set local row_security = off;")
        // What somebody else gave, the owner's REVOKE does not take.
        await asAdmin(`set role ${keeper}; grant select on visit to ${reader}`)
        await expect(run(host, sql)).rejects.toMatchObject({
          code: "WK306",
          message: expect.stringContaining(`public.visit ${reader}`),
        })
        await run(host, await sqlOf(host))
        expect(await objects(host)).toEqual([])
      } finally {
        await asAdmin(`drop owned by ${reader}; drop owned by ${keeper}; drop role ${reader}, ${keeper}`)
      }
    })
  })
})

describe("locks", () => {
  it("are taken together: an application between two tables is not ended for a deadlock", async () => {
    await withFreshHost(database, schema, document({ tables, roles }), async (host, { adminUrl }) => {
      await host.apply()
      await connected(adminUrl, async (application) => {
        await application.query("drop policy wk_fence on patient; drop policy wk_fence on visit")
        // PostgreSQL ends the one that looks for the deadlock first.
        await application.query("set deadlock_timeout = '10ms'")
        await application.query("begin; select from visit")
        const { rows } = await application.query<{ pid: number }>("select pg_backend_pid() as pid")
        const applying = host.apply()
        applying.catch(() => undefined)
        await connected(adminUrl, async (admin) => {
          const asks = `select 1 from pg_locks l join pg_stat_activity a using (pid)
            where l.relation in ('patient'::regclass, 'visit'::regclass) and l.mode = 'AccessExclusiveLock' and l.pid <> $1`
          while ((await admin.query(asks, [rows[0]?.pid])).rows.length === 0);
        })
        await application.query("select from patient")
        await application.query("commit")
        expect((await applying).applied).toBeGreaterThan(0)
        expect(await objects(host)).toEqual([])
      })
    })
  })
})
