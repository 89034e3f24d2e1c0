import { parsePolicy } from "@wardkeep/core"
import { addTenant, backfill, drift } from "@wardkeep/postgres/migrate"
import { describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const database = useDatabase()

const doc = document({
  rest: "unmanaged",
  tables: {
    event: { scope: "branch" },
    person: { scope: "tenant", search: { words: ["name"] } },
    drug: { scope: "global" },
  },
  roles: { doctor: { purposes: ["care"], can: { event: "manage", person: "manage", drug: "read" } } },
  lookups: {
    by_name: { table: "person", by: "name", returns: ["id"] },
    by_code: { table: "drug", by: "code", returns: ["id"] },
  },
})

const schema = `
create table clinic (id text primary key) partition by list (id);
create table clinic_a partition of clinic for values in ('a');
create table branch (id text primary key, clinic_id text not null) partition by list (id);
create schema archive;
create table branch_1 partition of branch for values in ('a1');
create table archive.branch_2 partition of branch for values in ('a2');
create table event (clinic_id text not null, branch_id text not null, at int not null) partition by range (at);
create table archive.event_1 partition of event for values from (0) to (100);
create table event_2 partition of event for values from (100) to (200);
create table person (clinic_id text not null, id int not null, name text, primary key (clinic_id, id)) partition by range (id);
create table archive.person_1 partition of person for values from (0) to (100);
create table person_2 partition of person for values from (100) to (200);
create table drug (id int primary key, code text) partition by range (id);
create table archive.drug_1 partition of drug for values from (0) to (100);
insert into clinic values ('a');
insert into branch values ('a1', 'a'), ('a2', 'a');
insert into event values ('a', 'a1', 1);
insert into person values ('a', 1, 'Asha Rao'), ('a', 101, 'Ravi Iyer');
insert into drug values (1, 'asp')`

interface Reached extends Host {
  readonly admin: (sql: string) => Promise<Record<string, unknown>[]>
  readonly url: string
  /** What the plan says of tables that somebody else owns by now. */
  readonly found: () => Promise<{ object: string; severity: string; fix: string; message: string }[]>
  /** Detaches them and gives each to somebody else. */
  readonly giveAway: (...partitions: [whole: string, partition: string][]) => Promise<void>
}

async function withHost(work: (host: Reached) => Promise<void>): Promise<void> {
  await withFreshHost(database, schema, doc, async (host, { adminUrl, ownerUrl }) => {
    await host.apply()
    const admin = (sql: string) =>
      connected(adminUrl, async (client) => (await client.query<Record<string, unknown>>(sql)).rows)
    await work({
      ...host,
      url: ownerUrl,
      admin,
      found: async () =>
        (await host.plan()).findings
          .filter(({ check }) => check === "given-away")
          .map(({ object, severity, fix = "", message }) => ({ object, severity, fix, message })),
      giveAway: async (...partitions) => {
        for (const [whole, partition] of partitions)
          await admin(
            `alter table ${whole} detach partition ${partition}; alter table ${partition} owner to current_user`,
          )
      },
    })
  })
}

const everything: [string, string][] = [
  ["event", "archive.event_1"],
  ["event", "event_2"],
  ["person", "archive.person_1"],
  ["person", "person_2"],
  ["drug", "archive.drug_1"],
  ["branch", "archive.branch_2"],
]

describe("a table with objects of ours that was given to another owner", () => {
  it("is a leak with the statements of its owner, and stops neither plan nor apply nor a new tenant", () =>
    withHost(async (host) => {
      await host.giveAway(...everything)
      await host.apply()
      expect((await host.plan()).steps).toEqual([])
      expect(await host.asOwner((client) => drift({ client, policy: host.policy }))).toEqual([])
      const found = await host.found()
      expect(found.map(({ object, severity }) => [object, severity])).toEqual(
        [
          "archive.branch_2",
          "archive.drug_1",
          "archive.event_1",
          "archive.person_1",
          "public.event_2",
          "public.person_2",
        ].map((name) => [name, "leak"]),
      )
      expect(found[0]?.message).toMatch(/^archive\.branch_2 belongs to \S+ and still carries /)
      const added = await connected(withLogin(host.url, host.logins.migrator), (client) =>
        addTenant({ client, policy: host.policy, tenant: { id: "a" }, branches: [{ id: "a1x" }], reason: "contract" }),
      ).catch((error: { code?: string }) => error.code)
      expect(added, "no partition for it: it got as far as the row").toBe("23514")
      for (const { fix } of found) await host.admin(fix.replace(/^As its owner: /, ""))
      expect(await host.found()).toEqual([])
      const left = await host.admin(`select c.oid::regclass::text from pg_class c
        where c.oid = any ('{archive.event_1,event_2,archive.person_1,person_2,archive.drug_1,archive.branch_2}'::regclass[])
          and (relrowsecurity or relforcerowsecurity or exists (select from pg_policy p where p.polrelid = c.oid)
            or exists (select from pg_trigger t where t.tgrelid = c.oid and not tgisinternal) or exists (select from pg_attrdef d where d.adrelid = c.oid))`)
      expect(left).toEqual([])
    }))

  it("can be one that left the policy file, with the grants of our roles", () =>
    withHost(async (host) => {
      await host.admin(`do $$ begin execute 'alter table event owner to ' || quote_ident(current_user);
        execute 'alter table event_2 owner to ' || quote_ident(current_user);
        execute 'alter table archive.event_1 owner to ' || quote_ident(current_user); end $$`)
      const can = { person: "manage" }
      const tables = { ...(doc.tables as object), event: { scope: "unmanaged" } }
      const policy = parsePolicy({ ...doc, tables, roles: { doctor: { purposes: ["care"], can } } })
      await host.apply(policy)
      const found = (await host.plan(policy)).findings.filter(({ check }) => check === "given-away")
      expect(found.map(({ object }) => object)).toEqual(["archive.event_1", "public.event", "public.event_2"])
      for (const { fix = "" } of found) await host.admin(fix.replace(/^As its owner: /, ""))
      expect(
        await host.admin("select relacl::text from pg_class where relname = 'event' and relacl::text ~ 'doctor'"),
      ).toEqual([])
      expect((await host.plan(policy)).findings.filter(({ check }) => check === "given-away")).toEqual([])
    }))

  it("writes no more into the words and the look-ups of the whole", () =>
    withHost(async (host) => {
      const kept = () =>
        host.admin(`select 'w' || person_id || word as row from person_word union all select 'r' || id || looked_up from wardkeep_lookup.by_name_row
          union all select 'c' || id || looked_up from wardkeep_lookup.by_code_row order by 1`)
      const before = await kept()
      await host.giveAway(...everything)
      // Its new owner makes it a partition of a table with a trigger of the same name.
      await host.admin(`create table mine (clinic_id text not null, id int not null, name text) partition by range (id);
        create function noop() returns trigger language plpgsql as 'begin return null; end';
        create trigger wk_words_insert after insert on mine for each statement execute function noop();
        alter table mine attach partition person_2 for values from (0) to (1000)`)
      await host.admin(`insert into archive.person_1 values ('a', 101, 'Planted Name'); insert into person_2 values ('a', 1, 'Planted Name');
        update archive.person_1 set name = 'Changed'; delete from archive.person_1; truncate archive.person_1;
        insert into archive.drug_1 values (7, 'planted'); delete from archive.drug_1; truncate archive.drug_1`)
      expect(await kept()).toEqual(before)
    }))

  it("ends no session by emptying a whole of its own", () =>
    withHost(async (host) => {
      await host.giveAway(["branch", "archive.branch_2"])
      await host.apply()
      await host.admin(`create table mine (id text primary key, clinic_id text not null) partition by list (id);
        create function noop() returns trigger language plpgsql as 'begin return null; end';
        create trigger wk_mirror_branch after insert on mine for each row execute function noop();
        alter table mine attach partition archive.branch_2 for values in ('a2')`)
      await host.admin("truncate archive.branch_2")
      expect(await host.admin("select branch from wardkeep.known_branch")).toEqual([{ branch: "a1" }])
    }))
})

it("a partition that is detached and still ours is followed like before", () =>
  withHost(async (host) => {
    await host.asOwner((owner) => owner.query("alter table person detach partition person_2"))
    await connected(withLogin(host.url, host.logins.migrator), (client) =>
      backfill({ client, policy: host.policy, reason: "test" }, (q) => q.query("update person_2 set name = 'Renamed'")),
    )
    expect(await host.admin("select word from person_word where person_id = 101")).toEqual([{ word: "renamed" }])
  }))
