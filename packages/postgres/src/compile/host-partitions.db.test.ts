import { describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { backfill, drift, emit, maintenance } from "../migrate/index.js"

const database = useDatabase()
const [clinic, branch, gone] = [
  "00000000-0000-0000-0000-00000000000a",
  "00000000-0000-0000-0000-0000000000a1",
  "00000000-0000-0000-0000-0000000000a2",
]

const doc = document({
  rest: "error",
  tables: {
    patient: { scope: "branch" },
    event: { scope: "branch" },
    person: { scope: "tenant", search: { words: ["name"] } },
    drug: { scope: "global" },
  },
  roles: { doctor: { purposes: ["care"], can: { event: "manage", person: "manage", patient: "read" } } },
  lookups: { by_name: { table: "person", by: "name", returns: ["id"] } },
})

const schema = `
create table clinic (id uuid primary key);
create table branch (id uuid primary key, clinic_id uuid not null references clinic, unique (clinic_id, id));
create table drug (id int primary key);
create table patient (clinic_id uuid not null, branch_id uuid not null, id int not null, primary key (clinic_id, branch_id, id),
  foreign key (clinic_id, branch_id) references branch (clinic_id, id));
create table event (clinic_id uuid not null, branch_id uuid not null, at date not null) partition by range (at);
create table person (clinic_id uuid not null, id int not null, name text, primary key (clinic_id, id)) partition by range (id);
create schema archive;
create table archive.e2025 partition of event for values from ('2025-01-01') to ('2026-01-01') partition by range (at);
create table archive.e2025_h1 partition of archive.e2025 for values from ('2025-01-01') to ('2025-07-01');
create table archive.person_1 partition of person for values from (0) to (100);
insert into clinic values ('${clinic}');
insert into branch values ('${branch}', '${clinic}'), ('${gone}', '${clinic}');
insert into patient values ('${clinic}', '${branch}', 1);
insert into event values ('${clinic}', '${branch}', '2025-02-03');
insert into person values ('${clinic}', 1, 'Asha Rao')`

interface Reached extends Host {
  readonly admin: (sql: string) => Promise<number | null>
  readonly sql: (text: string) => Promise<unknown>
  readonly url: string
}

async function withHost(work: (host: Reached) => Promise<void>): Promise<void> {
  await withFreshHost(database, schema, doc, (host, { adminUrl }) =>
    work({
      ...host,
      url: adminUrl,
      admin: (sql) => connected(adminUrl, async (admin) => (await admin.query(sql)).rowCount),
      sql: (text) => host.asOwner((owner) => owner.query(text)),
    }),
  )
}

async function asArchivist(host: Reached, table: string): Promise<number | null> {
  const login = await database.cluster.login({ label: "archive" })
  try {
    const [schemaName] = table.split(".")
    await host.sql(`grant usage on schema ${schemaName} to ${login.user}; grant select on ${table} to ${login.user}`)
    return await connected(
      withLogin(host.url, login),
      async (client) => (await client.query(`table ${table}`)).rowCount,
    )
  } finally {
    await host.admin(`drop owned by ${login.user}`)
    await login.drop()
  }
}

const noInherit = expect.stringContaining("Run the statement that the message names")

describe("a partition that is detached in a schema which the policy file does not name", () => {
  it("is released by the next apply, whole, so that nobody who is granted it gets no rows for an answer", () =>
    withHost(async (host) => {
      await host.apply()
      await host.sql(
        "alter table event detach partition archive.e2025; alter table person detach partition archive.person_1",
      )
      const { steps } = await host.plan()
      for (const table of ["archive.e2025", "archive.e2025_h1", "archive.person_1"])
        expect(steps).toContainEqual(
          expect.objectContaining({ object: table, why: expect.stringContaining("NOT COVERED"), phase: "widen" }),
        )
      await host.apply()
      const flags = await host.asOwner((owner) =>
        owner.query(`select from pg_class c where relnamespace = 'archive'::regnamespace and (relrowsecurity or relforcerowsecurity
          or exists (select from pg_policy p where p.polrelid = c.oid) or exists (select from pg_trigger t where t.tgrelid = c.oid)
          or exists (select from pg_attrdef d where d.adrelid = c.oid))`),
      )
      expect(flags.rowCount).toBe(0)
      for (const table of ["archive.e2025", "archive.e2025_h1", "archive.person_1"])
        expect(await asArchivist(host, table), table).toBe(1)
      expect((await host.plan()).steps).toEqual([])
      expect(await host.asOwner((client) => drift({ client, policy: host.policy }))).toEqual([])
    }))

  it("is fenced again when it comes back", () =>
    withHost(async (host) => {
      await host.apply()
      await host.sql("alter table event detach partition archive.e2025")
      await host.apply()
      await host.sql(
        "alter table event attach partition archive.e2025 for values from ('2025-01-01') to ('2026-01-01')",
      )
      await host.apply()
      const fenced = await host.asOwner((owner) =>
        owner.query(
          "select from pg_policy p join pg_class c on c.oid = p.polrelid where polname = 'wk_fence' and relname ~ '^e2025' and relforcerowsecurity",
        ),
      )
      expect(fenced.rowCount).toBe(2)
    }))
})

describe("tables of INHERITS", () => {
  it.each([
    ["a child", "create table archive.old () inherits (patient)", "archive.old inherits from public.patient"],
    [
      "a child that is listed",
      "alter table drug add clinic_id uuid not null, add branch_id uuid not null; alter table drug inherit patient",
      "public.drug inherits from public.patient",
    ],
    [
      "a child of a child",
      "create table archive.old () inherits (patient); create table archive.older () inherits (archive.old)",
      "archive.old inherits from public.patient",
    ],
    [
      "a parent",
      "create table archive.record (id int not null); alter table patient inherit archive.record",
      "public.patient inherits from archive.record",
    ],
  ])("are refused: %s of a fenced table", (_what, sql, message) =>
    withHost(async (host) => {
      await host.sql(sql)
      const refused = { code: "WK303", message: expect.stringContaining(message), hint: noInherit }
      await expect(host.plan()).rejects.toMatchObject(refused)
      await expect(host.apply()).rejects.toMatchObject(refused)
      const tables = new Map([...host.policy.tables, ["archive.old", { scope: "unmanaged" as const }]])
      await expect(host.plan({ ...host.policy, rest: "unmanaged", tables })).rejects.toMatchObject(refused)
    }),
  )

  it("are named with the statement that ends it, and tables without a fence may have them", () =>
    withHost(async (host) => {
      await host.sql("create table archive.old () inherits (patient); create table archive.drugs () inherits (drug)")
      const fault = await host.plan().catch((error: Error) => error)
      const fix = /alter table "archive"\."old" no inherit "public"\."patient"/.exec((fault as Error).message)
      await host.sql(fix![0])
      await host.apply({ ...host.policy, rest: "unmanaged" })
    }))

  it("made after apply are counted by a backfill, although the parent has a key to the branch", () =>
    withHost(async (host) => {
      await host.apply()
      const run = () =>
        connected(withLogin(host.url, host.logins.migrator), (client) =>
          backfill({ client, policy: host.policy, reason: "test" }, (q) => q.query("update patient set id = id")),
        )
      await run()
      await host.sql("create table archive.old () inherits (patient)")
      await host.admin(`insert into archive.old values ('${clinic}', gen_random_uuid(), 2)`)
      await expect(run()).rejects.toMatchObject({
        code: "WK307",
        message: expect.stringContaining("public.patient: 1 row"),
      })
    }))
})

describe("what a partition is in the way with", () => {
  it("is named before anything is done: another owner", () =>
    withHost(async (host) => {
      await host.admin("create table archive.e2026 partition of event for values from ('2026-01-01') to ('2027-01-01')")
      const refused = {
        code: "WK303",
        message: expect.stringMatching(
          /archive\.e2026 belongs to .*; alter table "archive"\."e2026" owner to "wk_h\w+_owner"/,
        ),
        hint: expect.not.stringContaining("unmanaged"),
      }
      await expect(host.plan()).rejects.toMatchObject(refused)
      await expect(host.apply()).rejects.toMatchObject(refused)
    }))

  it("is the whole, where a partition is listed and the whole is not", () =>
    withHost(async (host) => {
      const rule = host.policy.tables.get("public.event")!
      const tables = new Map(
        [...host.policy.tables, ["archive.e2025", rule] as const].filter(([name]) => name !== "public.event"),
      )
      await expect(host.plan({ ...host.policy, rest: "unmanaged", tables })).rejects.toMatchObject({
        code: "WK303",
        message: expect.stringContaining("archive.e2025 is a partition of public.event"),
        hint: "List the whole in the policy file, in place of its partition.",
      })
    }))

  it("is not a dot, a space or a per cent sign in its name or its schema's", () =>
    withHost(async (host) => {
      await host.sql(`create schema "Pa.rts x"; create schema "50%.2E";
        create table "Pa.rts x"."p.2 %" partition of person for values from (100) to (200);
        create table "50%.2E"."e 20.26" partition of event for values from ('2026-01-01') to ('2027-01-01');
        create sequence "n.o 1" owned by event.at;
        insert into person values ('${clinic}', 101, 'Ravi')`)
      await host.apply()
      expect((await host.plan()).steps).toEqual([])
      expect(await host.asOwner((client) => drift({ client, policy: host.policy }))).toEqual([])
      await host.sql(`grant select on "50%.2E"."e 20.26" to public; drop policy wk_fence on "Pa.rts x"."p.2 %"`)
      const again = await host.plan()
      expect(again.steps.map(({ sql }) => sql)).toContain('revoke select on "50%.2E"."e 20.26" from public')
      await host.sql(emit(again, { transaction: true }))
      expect((await host.plan()).steps).toEqual([])
      await host.apply()
      const maintained = (tables: string[], sql: string) =>
        connected(withLogin(host.url, host.logins.migrator), (client) =>
          maintenance({ client, policy: host.policy, tables, reason: "test" }, (q) => q.query(sql)),
        )
      const part = `"Pa.rts x"."p.2 %"`
      expect(await maintained(["Pa%2Erts%20x.p%2E2%20%25"], `select from ${part}`)).toMatchObject({ rowCount: 1 })
      await expect(maintained(["Pa.rts x.p.2 %"], "select")).rejects.toMatchObject({
        code: "WK307",
        hint: expect.stringContaining("%2E for a dot"),
      })
      await maintained(["person"], `truncate ${part}`)
      expect(await host.admin("select from person_word")).toBe(2)
      await host.sql(
        `alter table person detach partition "Pa.rts x"."p.2 %"; alter table event detach partition "50%.2E"."e 20.26"`,
      )
      await host.apply()
      expect((await host.plan()).steps).toEqual([])
      expect(await host.admin(`table "50%.2E"."e 20.26"`)).toBe(0)
    }))

  it("is not a foreign table that cannot be read: its statistics are left out, and it stays a finding", () =>
    withHost(async (host) => {
      const [{ owner }] = (await host.asOwner((client) => client.query("select current_user::text as owner"))).rows
      await host.admin(`create foreign data wrapper elsewhere; create server elsewhere foreign data wrapper elsewhere;
        grant usage on foreign server elsewhere to ${owner}`)
      await host.sql(
        "create foreign table archive.e2027 partition of event for values from ('2027-01-01') to ('2028-01-01') server elsewhere",
      )
      await host.apply()
      const { steps, findings } = await host.plan()
      expect(steps).toEqual([])
      expect(findings).toContainEqual(
        expect.objectContaining({ check: "foreign-table-not-covered", object: "archive.e2027" }),
      )
    }))
})
