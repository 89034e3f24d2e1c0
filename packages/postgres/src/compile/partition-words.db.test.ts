import pg from "pg"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, installHost, withFreshHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { backfill, drift, load, maintenance } from "../migrate/index.js"

const database = useDatabase()
const [a, b] = ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"]
let host: Host
let migrator: pg.Client

beforeAll(async () => {
  host = await installHost(
    database.ownerUrl,
    `create table clinic (id uuid primary key);
     create table branch (id uuid primary key, clinic_id uuid not null references clinic);
     create table person (clinic_id uuid not null, id int not null, name text, email text, phone text, primary key (clinic_id, id)) partition by range (id);
     create table person_1 partition of person for values from (0) to (100);
     -- Its columns stand in another order.
     create table person_2 (phone text, email text, name text, id int not null, clinic_id uuid not null);
     alter table person attach partition person_2 for values from (100) to (200);
     create table person_3 partition of person for values from (200) to (400) partition by range (id);
     create table person_3a partition of person_3 for values from (200) to (300);
     create schema archive;
     create table archive.person_9 partition of person for values from (900) to (1000);
     insert into clinic values ('${a}'), ('${b}');
     insert into person values ('${a}', 10, 'Before Apply', 'before@x', '1')`,
    document({
      tables: { person: { scope: "tenant", search: { words: ["name"], lastDigits: ["phone"] } } },
      roles: { doctor: { purposes: ["care"], can: { person: "manage" } } },
      lookups: { by_mail: { table: "person", by: "email", returns: ["id"] } },
    }),
  )
  await host.apply()
  expect((await host.plan()).steps).toEqual([])
  migrator = new pg.Client({ connectionString: withLogin(database.adminUrl, host.logins.migrator) })
  await migrator.connect()
})

afterAll(async () => await migrator.end())

/** What the words and the look-up say otherwise than the rows do. */
async function stale(): Promise<unknown[]> {
  const { rows } = await connected(database.adminUrl, (admin) =>
    admin.query(`with wanted as (
        select clinic_id, id, wardkeep.words(name) as word from person
        union select clinic_id, id, wardkeep.digit_word(phone) from person where phone ~ '[0-9]'
        union select clinic_id, id, email from person where email is not null),
      present as (
        select clinic_id, person_id, word from person_word
        union all select clinic_id, id, looked_up from wardkeep_lookup.by_mail_row)
      (select 'missing' as what, w.* from (table wanted except all table present) w)
      union all (select 'left behind', p.* from (table present except all table wanted) p)`),
  )
  return rows
}

const inEach = (...statements: string[]) =>
  backfill({ client: migrator, policy: host.policy, reason: "test", tenants: [a] }, async (q) => {
    for (const statement of statements) await q.query(statement)
  })
const asOwner = (sql: string) => host.asOwner((owner) => owner.query(sql))
const words = async (): Promise<number> => {
  const { rows } = await connected(database.adminUrl, (admin) =>
    admin.query("select count(*)::int as n from person_word"),
  )
  return rows[0].n
}
const maintained = (sql: string) =>
  maintenance({ client: migrator, policy: host.policy, tables: ["person"], reason: "test" }, (q) => q.query(sql))

describe("words and look-ups of a partitioned table", () => {
  it.each([["person"], ["person_1"], ["person_2"], ["person_3"], ["person_3a"], ["archive.person_9"]])(
    "follow what a backfill writes to %s by its own name",
    async (table) => {
      const n =
        { person: 20, person_1: 30, person_2: 130, person_3: 230, person_3a: 240, "archive.person_9": 940 }[table] ?? 0
      await inEach(
        `insert into ${table} (clinic_id, id, name, email, phone) values ('${a}', ${n}, 'Asha ${table}', '${n}@x', '98${n}'), ('${a}', ${n + 1}, 'Ravi', null, null)`,
      )
      expect(await stale()).toEqual([])
      await inEach(
        `update ${table} set name = name || ' Rao', email = '${n}@y' where id = ${n}`,
        `update ${table} set id = id + 5 where id = ${n + 1}`,
        `insert into ${table} (clinic_id, id, name) values ('${a}', ${n}, 'Twice'), ('${a}', ${n + 2}, 'Once') on conflict (clinic_id, id) do update set name = 'Upserted'`,
      )
      expect(await stale()).toEqual([])
      await inEach(`delete from ${table} where id = ${n}`)
      expect(await stale()).toEqual([])
      expect(await words()).toBeGreaterThan(0)
    },
  )

  it("follow what is loaded into a partition", async () => {
    const rows = [
      [a, 50, "Loaded One", "l1@x"],
      [b, 51, "Loaded Two", "l2@x"],
    ]
    const columns = ["clinic_id", "id", "name", "email"]
    await load({ client: migrator, policy: host.policy, table: "person_1", columns, rows, reason: "import" })
    expect(await stale()).toEqual([])
  })

  it("follow rows that move between partitions through the parent", async () => {
    await inEach(
      `insert into person values ('${a}', 60, 'Moves', 'm@x', '77')`,
      "update person set id = 160 where id = 60",
    )
    expect(await stale()).toEqual([])
  })

  it("follow TRUNCATE of a partition in maintenance; elsewhere it is refused while other partitions hold rows", async () => {
    await inEach(`insert into person values ('${a}', 70, 'Stays', 's@x', '1'), ('${a}', 170, 'Goes', 'g@x', '2')`)
    for (const table of ["person_2", "person_3", "person_3a"]) {
      await expect(asOwner(`truncate ${table}`)).rejects.toMatchObject({ code: "WK307" })
      expect(await stale()).toEqual([])
    }
    await maintained("truncate person_2")
    expect(await stale()).toEqual([])
    await maintained("truncate person_3, archive.person_9")
    expect(await stale()).toEqual([])
    expect(await words()).toBeGreaterThan(0)
    await asOwner("truncate person_1")
    expect(await words()).toBe(0)
    expect(await stale()).toEqual([])
  })

  it.each([["person"], ["person_1, person"], ["person, person_3a"]])(
    "follow TRUNCATE of the whole: %s",
    async (tables) => {
      await inEach(`insert into person values ('${a}', 80, 'One', 'o@x', '1'), ('${a}', 280, 'Two', 't@x', '2')`)
      await asOwner(`truncate ${tables}`)
      expect(await words()).toBe(0)
      expect(await stale()).toEqual([])
    },
  )

  it("follow a partition that came after apply from the next one on, with the rows it brought", async () => {
    await inEach(`insert into person values ('${a}', 90, 'Keeps', 'k@x', '1')`)
    await host.asOwner(async (owner) => {
      await owner.query("set row_security = on")
      await owner.query(`create table person_4 (like person including all);
        insert into person_4 values ('${a}', 410, 'Attached Later', 'a@x', '4'), ('${b}', 411, 'Of Another', 'b@x', '5');
        alter table person attach partition person_4 for values from (400) to (500)`)
    })
    expect(await stale()).not.toEqual([])
    const appeared = await host.asOwner((client) => drift({ client, policy: host.policy }))
    expect(appeared.map((f) => f.message)).toContain("table public.person_4 appeared since the policy was applied")
    await host.apply()
    expect(await stale()).toEqual([])
    expect((await host.plan()).steps).toEqual([])
    await inEach("update person_4 set name = 'Followed' where id = 410")
    expect(await stale()).toEqual([])
    const { rows } = await connected(database.adminUrl, (admin) =>
      admin.query(
        "select relname::text from pg_class where relname ~ '^person' and relkind in ('r', 'p') and not relforcerowsecurity",
      ),
    )
    expect(rows).toEqual([])
  })

  it("whose trigger is gone are drift, and the next apply makes them right again", async () => {
    for (const trigger of ["wk_words_insert", "wk_lookup_by_mail_insert"]) {
      await asOwner(`drop trigger ${trigger} on person_1`)
      const { id } = { wk_words_insert: { id: 91 }, wk_lookup_by_mail_insert: { id: 92 } }[trigger]!
      await inEach(`insert into person_1 values ('${a}', ${id}, 'Missed', '${id}@x', '9')`)
      expect(await stale()).not.toEqual([])
      const findings = await host.asOwner((client) => drift({ client, policy: host.policy }))
      expect(findings.map((f) => f.message)).toContain(
        `trigger public.person_1 ${trigger} is gone since the policy was applied`,
      )
      await host.apply()
      expect(await stale()).toEqual([])
      expect((await host.plan()).steps).toEqual([])
    }
  })

  it.each(["delete", "truncate"])(
    "whose trigger is gone keep nothing of the rows that went meanwhile: %s",
    async (event) => {
      await inEach(
        `insert into person values ('${a}', 95, 'Stays', 'stays@x', '1'), ('${a}', 195, 'Leaves', 'leaves@x', '2')`,
      )
      await asOwner(
        `drop trigger wk_words_${event} on person_2; alter table person_2 disable trigger wk_lookup_by_mail_${event}`,
      )
      if (event === "delete") await inEach("delete from person_2")
      else await asOwner("truncate person_2")
      expect(await stale()).not.toEqual([])
      await host.apply()
      expect(await stale()).toEqual([])
      expect((await host.plan()).steps).toEqual([])
      await inEach(`insert into person_2 (id, clinic_id, name) values (196, '${a}', 'Followed')`, "delete from person")
      expect(await stale()).toEqual([])
    },
  )

  it("follow TRUNCATE while the whole is called otherwise", async () => {
    await inEach(`insert into person values ('${a}', 96, 'One', 'one@x', '1'), ('${a}', 197, 'Two', 'two@x', '2')`)
    const renamed = (sql: string) =>
      maintained(`alter table person rename to people; ${sql}; alter table people rename to person`)
    await renamed("truncate person_2")
    expect(await stale()).toEqual([])
    expect(await words()).toBeGreaterThan(0)
    await renamed("truncate people")
    expect(await stale()).toEqual([])
    expect(await words()).toBe(0)
  })

  it("are not lost to another table that took the name", async () => {
    await inEach(`insert into person values ('${a}', 97, 'One', 'one@x', '1'), ('${a}', 198, 'Two', 'two@x', '2')`)
    const before = await words()
    await asOwner("alter table person rename to people; create table person (clinic_id uuid, id int, name text)")
    await expect(asOwner("truncate person_2")).rejects.toMatchObject({ code: "WK307" })
    expect(await words()).toBe(before)
    await asOwner("drop table person; alter table people rename to person")
    expect(await stale()).toEqual([])
  })

  it("of a partition that is detached are nobody's question when it is emptied", async () => {
    await asOwner("alter table person detach partition archive.person_9")
    await asOwner("truncate archive.person_9")
    await asOwner("alter table person attach partition archive.person_9 for values from (900) to (1000)")
    expect(await stale()).toEqual([])
  })

  it("of a partition that was taken off can be cleared away in maintenance", async () => {
    await maintained(`alter table person detach partition person_4;
      delete from person_word w where not exists (select from person p where (p.clinic_id, p.id) = (w.clinic_id, w.person_id));
      delete from wardkeep_lookup.by_mail_row r where not exists (select from person p where (p.clinic_id, p.id) = (r.clinic_id, r.id))`)
    await asOwner("drop table person_4")
    expect(await stale()).toEqual([])
    await host.apply()
    expect((await host.plan()).steps).toEqual([])
    expect(await host.asOwner((client) => drift({ client, policy: host.policy }))).toEqual([])
  })
})

describe("a key with a per cent sign in its name", () => {
  it("says which words were an emptied partition's", () =>
    withFreshHost(
      database,
      `create table clinic (id uuid primary key);
       create table branch (id uuid primary key, clinic_id uuid not null references clinic);
       create table person (clinic_id uuid not null, "no %s" int not null, name text, primary key (clinic_id, "no %s")) partition by range ("no %s");
       create table person_1 partition of person for values from (0) to (100);
       create table person_2 partition of person for values from (100) to (200);
       insert into clinic values ('${a}');
       insert into person values ('${a}', 1, 'Stays'), ('${a}', 101, 'Goes')`,
      document({
        tables: { person: { scope: "tenant", search: { words: ["name"] } } },
        roles: { doctor: { purposes: ["care"], can: { person: "manage" } } },
      }),
      async (host, { adminUrl }) => {
        await host.apply()
        await connected(withLogin(adminUrl, host.logins.migrator), (client) =>
          maintenance({ client, policy: host.policy, tables: ["person"], reason: "test" }, (q) =>
            q.query("truncate person_2"),
          ),
        )
        const { rows } = await connected(adminUrl, (admin) => admin.query("select word from person_word"))
        expect(rows).toEqual([{ word: "stays" }])
      },
    ))
})
