import pg from "pg"
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { connected, withLogin } from "#tests/fixture/clinic.ts"
import { document, type Host, installHost } from "#tests/fixture/host.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { backfill, drift } from "../migrate/index.js"

const database = useDatabase()
const [clinic, branch] = ["00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-0000000000a1"]
let host: Host
let migrator: pg.Client

beforeAll(async () => {
  host = await installHost(
    database.ownerUrl,
    `create table clinic (id uuid primary key);
     create table branch (id uuid primary key, clinic_id uuid not null references clinic);
     create table patient (clinic_id uuid not null, branch_id uuid not null, id int not null, name text, email text, phone text,
       primary key (clinic_id, branch_id, id));
     insert into clinic values ('${clinic}');
     insert into branch values ('${branch}', '${clinic}')`,
    document({
      rest: "unmanaged",
      tables: { patient: { scope: "branch", search: { words: ["name"], lastDigits: ["phone"] } } },
      roles: { doctor: { purposes: ["care"], can: { patient: "manage" } } },
      lookups: { by_mail: { table: "patient", by: "email", returns: ["id"] } },
    }),
  )
  await host.apply()
  migrator = new pg.Client({ connectionString: withLogin(database.adminUrl, host.logins.migrator) })
  await migrator.connect()
})

afterAll(async () => await migrator.end())

const asOwner = (sql: string) => host.asOwner((owner) => owner.query(sql))
const inContext = (sql: string) =>
  backfill({ client: migrator, policy: host.policy, reason: "test" }, (q) => q.query(sql))
const asAdmin = (sql: string) => connected(database.adminUrl, async (admin) => (await admin.query(sql)).rows)

/** What the words and the look-up say otherwise than the rows do. */
const stale = () =>
  asAdmin(`with wanted as (
      select clinic_id, branch_id, id, wardkeep.words(name) as word from patient
      union select clinic_id, branch_id, id, wardkeep.digit_word(phone) from patient where phone ~ '[0-9]'
      union select clinic_id, branch_id, id, email from patient where email is not null),
    present as (
      select clinic_id, branch_id, patient_id, word from patient_word
      union all select clinic_id, branch_id, id, looked_up from wardkeep_lookup.by_mail_row)
    (select 'missing' as what, w.* from (table wanted except all table present) w)
    union all (select 'left behind', p.* from (table present except all table wanted) p)`)

const row = (id: number, name: string) => `('${clinic}', '${branch}', ${id}, '${name}', '${id}@x', '98${id}')`

/** Everything is as the policy file says, fenced, and followed again. */
async function settled(): Promise<void> {
  expect(await stale()).toEqual([])
  expect((await host.plan()).steps).toEqual([])
  expect(await host.asOwner((client) => drift({ client, policy: host.policy }))).toEqual([])
  expect(
    await asAdmin(
      "select relname from pg_class where relname in ('patient', 'patient_word') and relnamespace = 'public'::regnamespace and not relforcerowsecurity",
    ),
  ).toEqual([])
  await inContext(`insert into patient values ${row(90, "Comes After")}`)
  await inContext("update patient set name = name || ' Kumari', email = 'new' || email")
  await inContext("delete from patient where id = 90")
  expect(await stale()).toEqual([])
}

const both = (event: string, statement: (trigger: string) => string) =>
  ["wk_words", "wk_lookup_by_mail"].map((triggers) => statement(`${triggers}_${event}`)).join(";")
const drop = (trigger: string) => `drop trigger ${trigger} on patient`
const disable = (trigger: string) => `alter table patient disable trigger ${trigger}`
const doesNothing = (name: string) =>
  `create or replace function ${name}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as 'begin return null; end'`

beforeEach(async () => {
  await asOwner("truncate patient")
  await inContext(`insert into patient values ${row(1, "Asha Rao")}, ${row(2, "Ravi Kumar")}`)
  expect(await stale()).toEqual([])
})

describe("what words and look-ups missed", () => {
  const insert = `insert into patient values ${row(3, "Missed Entirely")}`
  it.each([
    ["an insert, the triggers switched off", both("insert", disable), () => inContext(insert)],
    ["an insert, the triggers gone", both("insert", drop), () => inContext(insert)],
    [
      "an update",
      both("update", drop),
      () => inContext("update patient set name = 'Another Name', email = 'other@x', phone = '55' where id = 1"),
    ],
    ["a delete", both("delete", disable), () => inContext("delete from patient where id = 1")],
    ["TRUNCATE", both("truncate", drop), () => asOwner("truncate patient")],
    [
      "what a function that was replaced did not do",
      `${doesNothing("wk_patient_words")}; ${doesNothing("wardkeep_lookup.wk_by_mail")}`,
      () => inContext(insert),
    ],
  ])("is made up for by the next apply: %s", async (_what, off, write) => {
    await asOwner(off)
    await write()
    expect(await stale()).not.toEqual([])
    await host.apply()
    await settled()
  })

  it("is made up for where the words were split otherwise", async () => {
    await asOwner(`create or replace function wardkeep.words(value text) returns setof text language sql immutable parallel safe
      begin atomic select value; end`)
    await inContext(insert)
    await host.apply()
    await settled()
  })

  it("stands in the way of no key that is given again", async () => {
    await asOwner(both("delete", disable))
    await inContext("delete from patient where id = 1")
    await host.apply()
    await inContext(`insert into patient values ${row(1, "Somebody Else")}`)
    expect(await stale()).toEqual([])
  })

  it("is made up for where another table took the name", async () => {
    await asOwner(`set row_security = on;
      create table patient_new (like patient including all);
      insert into patient_new values ${row(1, "Asha Iyer")}, ${row(5, "Brought Along")};
      alter table patient rename to patient_old;
      alter table patient_new rename to patient`)
    await host.apply()
    await asOwner("drop table patient_old")
    await host.apply()
    await settled()
  })
})

describe("a search that changes", () => {
  it("takes the statistics of its words along", async () => {
    const rule = host.policy.tables.get("public.patient")!
    const tables = new Map(host.policy.tables).set("public.patient", {
      ...rule,
      search: { words: ["name", "email"], lastDigits: ["phone"] },
    })
    const statistics = () =>
      asAdmin("select stxrelid::regclass::text as of from pg_statistic_ext where stxname = 'wk_scope_patient_word'")
    expect(await statistics()).toEqual([{ of: "patient_word" }])
    const changed = { ...host.policy, tables }
    await host.apply(changed)
    expect((await host.plan(changed)).steps).toEqual([])
    expect(await statistics()).toEqual([{ of: "patient_word" }])
    await host.apply()
    await settled()
  })
})
