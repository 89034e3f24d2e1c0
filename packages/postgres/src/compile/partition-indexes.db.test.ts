import type pg from "pg"
import { describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { inContext, issueBySql } from "#tests/fixture/token.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()
const key = { id: "k001", secret: Buffer.alloc(32, 7) }

const clinics = `
create table clinic (id text primary key);
create table branch (id text primary key, clinic_id text not null references clinic);
insert into clinic values ('a');
insert into branch values ('a1', 'a'), ('a2', 'a');`

const parted = `${clinics}
create table event (clinic_id text not null, branch_id text not null, at int not null, patient text, room text,
  primary key (clinic_id, branch_id, at)) partition by range (at);
create index on event (clinic_id, at);
create index on event (patient);
create table event_1 partition of event for values from (0) to (100);
create table event_2 partition of event for values from (100) to (200) partition by range (at);
create table event_2a partition of event_2 for values from (100) to (150);
insert into event select 'a', 'a' || 1 + n % 2, n from generate_series(1, 99) n;`

const identities = `${clinics}
create table identity (clinic_id text not null, id int not null, name text, primary key (clinic_id, id)) partition by range (id);
create table identity_1 partition of identity for values from (0) to (100);
create table identity_2 partition of identity for values from (100) to (200) partition by range (id);
create table identity_2a partition of identity_2 for values from (100) to (150);
create table identity_branch (clinic_id text not null, branch_id text not null, identity_id int not null, primary key (clinic_id, branch_id, identity_id));
insert into identity values ('a', 1, 'Asha'), ('a', 101, 'Ravi');
insert into identity_branch values ('a', 'a1', 1), ('a', 'a2', 101);`

const events = document({
  tables: { event: { scope: "branch", subject: "patient" } },
  roles: {
    doctor: { purposes: ["care"], can: { event: "manage" } },
    kiosk: { purposes: ["care"], confined: true, can: { event: "read" } },
  },
})

const shared = document({
  tables: {
    identity: { scope: { shared: "identity_branch", by: "identity_id" }, search: { words: ["name"] } },
    identity_branch: { scope: "branch" },
  },
  roles: { doctor: { purposes: ["care"], can: { identity: "manage", identity_branch: "manage" } } },
})

interface Used {
  readonly host: Host
  readonly admin: (sql: string) => Promise<Record<string, unknown>[]>
  /** The application in a context of branch a1. */
  readonly inBranch: <T>(work: (app: pg.Client) => Promise<T>) => Promise<T>
}

async function withHost(
  schema: string,
  doc: Record<string, unknown>,
  work: (used: Used) => Promise<void>,
): Promise<void> {
  await withFreshHost(database, schema, doc, async (host, { adminUrl }) => {
    await host.asOwner((owner) => owner.query("select wardkeep.add_key($1, $2)", [key.id, key.secret]))
    await work({
      host,
      admin: (sql) => connected(adminUrl, async (admin) => (await admin.query<Record<string, unknown>>(sql)).rows),
      inBranch: async (asked) => {
        const [grant] = await issueBySql(adminUrl, { logins: host.logins, key }, [
          { role: "doctor", tenant: "a", branches: ["a1"] },
        ])
        return await connected(withLogin(adminUrl, host.logins.app), (app) => inContext(app, grant!, () => asked(app)))
      },
    })
  })
}

describe("an index that one partition has by itself", () => {
  it("on the branch alone lets the branch refuse, under the policies of the whole", () =>
    withHost(parted, events, async ({ host, admin, inBranch }) => {
      const fence = async () =>
        (
          await admin(
            "select pg_get_expr(polqual, polrelid) ~ 'held_branches' as quiet from pg_policy where polname = 'wk_fence' and polrelid = 'event'::regclass",
          )
        )[0]?.quiet
      const only = async () =>
        (
          await admin(
            "select pg_get_expr(polqual, polrelid) ~ 'true' as loud from pg_policy where polname = 'wk_only' and polrelid = 'event'::regclass",
          )
        )[0]?.loud
      await host.asOwner((owner) => owner.query("drop index event_patient_idx"))
      await host.apply()
      expect([await fence(), await only()]).toEqual([true, false])
      await admin("create index on event_1 (branch_id, room); create index on event_2a (patient)")
      await host.apply()
      expect([await fence(), await only()]).toEqual([false, true])
      expect((await host.plan()).steps).toEqual([])
      const refused = inBranch(async (app) => {
        await app.query("set local enable_seqscan = off; set local enable_bitmapscan = off")
        await app.query("select set_config('wardkeep.token', '', true)")
        return (await app.query("select from event where room = 'x'")).rowCount
      })
      await expect(refused).rejects.toMatchObject({ code: "WK101" })
    }))

  it("is an oracle by its own name, and none where the whole has it too", () =>
    withHost(parted, events, async ({ host, admin }) => {
      await host.apply()
      const oracles = async () =>
        (await host.plan()).findings
          .filter(({ check, object }) => check.endsWith("-oracle") && object.includes("event"))
          .map(({ check, object, fix }) => [check, object, fix])
      const ofTheWhole = [
        "index-oracle",
        "public.event (patient)",
        'create index on "public"."event" ("clinic_id", "branch_id", "patient"); then drop the other one',
      ]
      expect(await oracles()).toEqual([ofTheWhole])
      await admin(`create index on event_1 (room); create unique index on event_2a (at, room);
        alter table event_1 add exclude using btree (patient with =)`)
      expect(await oracles()).toEqual([
        ofTheWhole,
        ["unique-key-oracle", "public.event_1 (patient)", "make the key (clinic_id, branch_id, patient)"],
        [
          "index-oracle",
          "public.event_1 (room)",
          'create index concurrently on "public"."event_1" ("clinic_id", "branch_id", "room"); then drop the other one',
        ],
        ["unique-key-oracle", "public.event_2a (at, room)", "make the key (clinic_id, branch_id, at, room)"],
      ])
    }))

  it("is no key that others may refer to, and no index of the whole that starts with the tenant", () =>
    withHost(
      `${clinics}
      create table event (clinic_id text not null, branch_id text not null, at int not null) partition by range (at);
      create table event_1 partition of event for values from (0) to (100);
      create unique index on event_1 (clinic_id, branch_id, at);`,
      document({ tables: { event: { scope: "branch" } }, roles: {} }),
      async ({ host }) => {
        const { findings } = await host.plan()
        expect(findings.map(({ check, object, fix }) => [check, object, fix])).toContainEqual([
          "no-index-led-by-tenant",
          "public.event",
          expect.stringMatching(/^create index on "public"\."event" /),
        ])
      },
    ))
})

describe("a shared identity", () => {
  it("may be partitioned: it is seen where it is linked, and nowhere else", () =>
    withHost(identities, shared, async ({ host, inBranch, admin }) => {
      await host.apply()
      expect((await host.plan()).steps).toEqual([])
      expect(await inBranch(async (app) => (await app.query("select name from identity")).rows)).toEqual([
        { name: "Asha" },
      ])
      expect(await inBranch(async (app) => (await app.query("select word from identity_word")).rows)).toEqual([
        { word: "asha" },
      ])
      const named = await admin(
        "select c.relname::text as on, pg_get_expr(polqual, polrelid) ~ (c.relname || '\\.id') as own from pg_policy p join pg_class c on c.oid = polrelid where polname = 'wk_fence' and c.relname ~ '^identity_[12]' order by 1",
      )
      expect(named).toEqual(["identity_1", "identity_2", "identity_2a"].map((on) => ({ on, own: true })))
    }))

  it.each([
    [
      "several columns name it",
      "(clinic_id text not null, seq int not null, id int not null, name text, primary key (clinic_id, seq, id))",
      "public.identity is known by seq, id together",
    ],
    ["no key names it", "(clinic_id text not null, id int not null, name text)", "public.identity needs a primary key"],
  ])("is refused where %s: links could show one of another branch", (_what, columns, message) =>
    withHost(
      `${clinics} create table identity ${columns};
       create table identity_branch (clinic_id text not null, branch_id text not null, identity_id int not null, primary key (clinic_id, branch_id, identity_id));`,
      document({
        ...shared,
        tables: { ...(shared.tables as object), identity: { scope: { shared: "identity_branch", by: "identity_id" } } },
      }),
      async ({ host }) => {
        await expect(host.plan()).rejects.toMatchObject({ code: "WK008", message: expect.stringContaining(message) })
      },
    ),
  )
})
