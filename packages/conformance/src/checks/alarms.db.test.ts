import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { TargetInput } from "../target/schema.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const found = async (code: string, settings: Record<string, string> = {}): Promise<string[]> => {
  const tenants = ["1", "2"].map((key) => ({
    name: key,
    key,
    connect: { settings: { "app.branch": key, ...settings } },
  }))
  const { findings } = await system.verify([code], { tenants })
  return findings.map(({ object, severity }) => `${object} ${severity}`)
}

describe("WKC032, a default of a setting", () => {
  const set = async (name: string, value: string): Promise<void> =>
    await run(`alter database "${system.name}" reset all; alter database "${system.name}" set ${name} = '${value}'`)

  test("is a leak where it is a tenant, named by the target or not, hygiene where it is nobody, and nothing where every tenant sets it", {
    timeout: 120_000,
  }, async () => {
    await set("app.branch", "2")
    expect(await found("WKC032")).toEqual([`database ${system.name} leak`])
    await set("app.branch", "3")
    expect(await found("WKC032")).toEqual([`database ${system.name} leak`])
    for (const nobody of ["0", "-1", "00000000-0000-0000-0000-000000000000", "none", "Nobody", "null"]) {
      await set("app.branch", nobody)
      expect(await found("WKC032"), nobody).toEqual([`database ${system.name} hygiene`])
    }
    await set("app.locale", "ta")
    expect(await found("WKC032", { "app.locale": "ta" })).toEqual([])
    await set("search_path", "public")
    expect(await found("WKC032", { search_path: "public" })).toEqual([])
  })
})

describe("WKC035, a setting with a telling name", () => {
  test("is judged by its value and its use too", { timeout: 120_000 }, async () => {
    const set = async (name: string, value: string): Promise<string[]> => {
      await run(`alter database "${system.name}" reset all; alter database "${system.name}" set ${name} = '${value}'`)
      return (await found("WKC035")).map((one) => one.split(" ").at(-1) ?? "")
    }
    expect(await set("app.password_min_length", "12")).toEqual([])
    expect(await set("app.private_ward_rate", "1500.00")).toEqual([])
    expect(await set("app.private_rooms", "on")).toEqual([])
    expect(await set("app.api_key_header", "x-api-key")).toEqual(["hygiene"])
    expect(await set("app.signing_secret", "k3y-of-2026-a8f2")).toEqual(["leak"])
    await run(`create function signed(t text) returns boolean language sql stable as
      $$select sha256((t || current_setting('app.hmac_word'))::bytea) is not null$$`)
    expect(await set("app.hmac_word", "swordfish")).toEqual(["leak"])
    expect(await set("app.hmac_word", "482910482910")).toEqual(["leak"])
    expect(await set("app.hmac_word", "12")).toEqual([])
    expect(await set("app.other_secret", "0123456789abcdef")).toEqual(["leak"])
    expect(await set("app.secret_lifetime", "90 days")).toEqual([])
  })
})

describe("WKC046, a notification", () => {
  const notifying = (body: string, declare = ""): string => `drop trigger if exists tell on visit;
    create or replace function tell() returns trigger language plpgsql as $$declare n int; ${declare} begin ${body} return new; end$$;
    create trigger tell after insert on visit for each row execute function tell();`

  test.each([
    ["hygiene", "perform pg_notify('visits', new.uid::text);", ""],
    ["hygiene", "perform pg_notify('visits', new.version::text);", ""],
    ["hygiene", "perform pg_notify('visits', json_build_object('id', new.id, 'table', tg_table_name)::text);", ""],
    [
      "hygiene",
      "msg := json_build_object('id', new.id); perform pg_notify('visits', msg::text); new.note := lower(new.note);",
      "msg json;",
    ],
    ["hygiene", "perform pg_notify('visits', concat(new.at, new.urgent, new.turn));", ""],
    ["leak", "perform pg_notify('visits', new.note);", ""],
    ["leak", "perform pg_notify('visits', row_to_json(new, true)::text);", ""],
    ["leak", "perform pg_notify('visits', json_build_object('row', new, 'at', now())::text);", ""],
    ["leak", "perform pg_notify('visits', concat(new.id, new.phone));", ""],
    ["leak", "perform pg_notify('visits', new.mobile_no::text);", ""],
    ["leak", "perform pg_notify('visits', new.bill_amount::text);", ""],
    ["leak", "perform pg_notify('visits', new.price::text);", ""],
    ["leak", "perform pg_notify('visits', new.passport_no::text);", ""],
    ["leak", "perform pg_notify('visits', new.remark::text);", ""],
    ["leak", "perform pg_notify('visits', new.mood::text);", ""],
    ["leak", "perform pg_notify('visits', new.seen_from::text);", ""],
    [
      "leak",
      "msg := json_build_object('id', new.id, 'note', new.note); perform pg_notify('visits', msg::text);",
      "msg json;",
    ],
    ["leak", "perform pg_notify('visits', msg::text);", "msg json := row_to_json(new);"],
    ["leak", "select to_jsonb(new) into msg; perform pg_notify('visits', msg::text);", "msg jsonb;"],
    ["leak", "execute format('notify visits, %L', new.note);", ""],
  ])("is %s: %s", { timeout: 120_000 }, async (severity, body, declare) => {
    await run(
      `create domain words as text; create domain short_words as words; create domain counter as int; create type mood as enum ('calm', 'bad');
      alter table visit add column uid uuid default gen_random_uuid(), add column version int default 1, add column at timestamptz,
        add column urgent boolean, add column turn counter, add column phone bigint, add column mobile_no bigint, add column bill_amount int,
        add column price counter, add column passport_no bigint, add column remark short_words, add column mood mood, add column seen_from inet;
      ${notifying(body, declare)}`,
    )
    expect(await found("WKC046")).toEqual([`public.tell ${severity}`])
  })

  test("is none of a trigger that is disabled", { timeout: 120_000 }, async () => {
    await run(
      `${notifying("perform pg_notify('visits', row_to_json(new)::text);")} alter table visit disable trigger tell`,
    )
    expect(await found("WKC046")).toEqual([])
  })
})

test("WKC036, current_user in an IMMUTABLE function is no alarm: no plan keeps it for another role", {
  timeout: 60_000,
}, async () => {
  const { user: other } = await db.cluster.login({ label: "other" })
  const asWhom = (word: string): string =>
    `create or replace function as_whom() returns name language plpgsql immutable as $$begin return ${word}; end$$;`
  await run(`${asWhom("current_user")} create table of_role (branch_id int not null, who name not null primary key);
    insert into of_role values (1, '${system.app.user}'), (2, '${other}');
    alter table of_role enable row level security; create policy p on of_role using (who = as_whom());
    grant select on of_role to :"app", "${other}";`)
  await withClient(system.adminUrl, async (client) => {
    await client.query("prepare told as select who::text from of_role")
    for (const role of [system.app.user, other, system.app.user]) {
      await client.query(`set role "${role}"`)
      for (let time = 0; time < 7; time++) expect((await client.query("execute told")).rows).toEqual([{ who: role }])
      await client.query("reset role")
    }
  })
  expect(await found("WKC036")).toEqual([])
  await run(asWhom("session_user"))
  expect(await found("WKC036")).toEqual(["public.as_whom hygiene"])
})

describe("WKC112, what a call leaves", () => {
  const remembering = (name: string, body: string, takes = "word text"): string =>
    `create or replace function ${name}(${takes}) returns text language plpgsql security definer set search_path = pg_catalog, pg_temp as
      $$declare n int; begin ${body} end$$;`
  const both = (end: string, isLocal: string): string =>
    remembering(
      "kept",
      `create temporary table if not exists asked (word text)${end};
       insert into pg_temp.asked values (word); select count(*) into n from pg_temp.asked; return n::text;`,
    ) +
    remembering(
      "noted",
      `perform set_config('app.seen', concat(current_setting('app.seen', true), 'x'), ${isLocal}); return current_setting('app.seen');`,
    )

  test("is none where it ends with the transaction, and an oracle where it stays, though the asked word is repeated", {
    timeout: 120_000,
  }, async () => {
    await run(both(" on commit drop", "true"))
    expect(await found("WKC112")).toEqual([])
    await run(`${both("", "false")} create table wanted (name text primary key, times int not null);
      ${remembering(
        "ask_over",
        `if not exists (select from public.patient where name = p_name and branch_id = 2) then
           raise exception 'not of the main branch'; end if;
         insert into public.wanted as w values (p_name, 1) on conflict (name) do update set times = w.times + 1 returning times into n;
         return n || ' asked for ' || p_name;`,
        "p_mrn text, p_name text",
      )}`)
    expect(await found("WKC112")).toEqual(["public.ask_over oracle", "public.kept oracle", "public.noted oracle"])
  })
})

test("WKC113, a trigger that brings a row home takes nobody else's by it", { timeout: 120_000 }, async () => {
  await run(`create table shelf (branch_id int, no int, word text, primary key (branch_id, no));
    insert into shelf select b, 10 * b + n, 'word ' || b || n from generate_series(1, 2) b, generate_series(1, 2 * b) n;
    create view desk as select branch_id, no, word from shelf
      where branch_id = current_setting('app.branch')::int with cascaded check option;
    grant select, insert, update on desk to :"app";
    create function home() returns trigger language plpgsql as
      $$begin new.branch_id := current_setting('app.branch')::int; return new; end$$;
    create trigger home before insert on shelf for each row execute function home();`)
  expect(await found("WKC113")).toEqual([])
  await run("drop trigger home on shelf")
  expect(await found("WKC113")).toEqual(["public.desk leak"])
})

test("WKC003, a catalog is a leak by its values, and not by the numbers of its tables", {
  timeout: 120_000,
}, async () => {
  await run('grant select (starelid) on pg_catalog.pg_statistic to :"app"')
  expect(await found("WKC003")).toEqual([])
  await run('grant select (stavalues1) on pg_catalog.pg_statistic to :"app"')
  expect(await found("WKC003")).toEqual([`${system.app.user} leak`])
})

test("WKC025, a reference holds a row back unless it may be empty", { timeout: 120_000 }, async () => {
  await run(
    `alter policy p on visit with check (true); revoke update on visit from :"app"; grant update (branch_id, note) on visit to :"app"`,
  )
  expect(await found("WKC025")).toEqual([])
  await run("alter table visit alter patient_id drop not null")
  expect(await found("WKC025")).toEqual(["public.visit leak"])
})

test("WKC105, rows of both tenants hang on a shared row", { timeout: 120_000 }, async () => {
  const refer = (action: string): string =>
    `alter table patient drop constraint if exists of_kind, add constraint of_kind foreign key (kind) references kind on delete ${action};`
  await run(`create table kind (code text primary key); insert into kind values ('walk-in');
    alter table patient add column kind text; update patient set kind = 'walk-in';
    ${refer("restrict")} grant select, delete on kind to :"app";`)
  expect(await found("WKC105")).toEqual([])
  await run(refer("set null"))
  expect(await found("WKC105")).toEqual(["public.kind leak"])
})

test("WKC030, a pool's login is nobody before it takes a role, and a tenant's own login is that tenant", {
  timeout: 120_000,
}, async () => {
  const [one, two] = [await db.cluster.login({ label: "one" }), await db.cluster.login({ label: "two" })]
  // From 16 on a membership inherits as the member did when it was granted.
  const join = (how: string): string =>
    `revoke "${one.user}", "${two.user}" from :"app"; alter role :"app" ${how}; grant "${one.user}", "${two.user}" to :"app";`
  await run(`${join("inherit")} grant select on patient to "${one.user}", "${two.user}";
    drop policy p on patient; drop policy p on visit; drop policy p on visit_line;
    create policy one on patient to "${one.user}" using (branch_id = 1);
    create policy two on patient to "${two.user}" using (branch_id = 2);`)
  const tenants: NonNullable<TargetInput["tenants"]> = [one, two].map(({ user }, at) => ({
    name: user,
    key: `${at + 1}`,
    connect: { role: user },
  }))
  const shown = async (of: typeof tenants): Promise<string[]> =>
    (await system.verify(["WKC030"], { tenants: of })).findings.map(({ object, severity }) => `${object} ${severity}`)
  expect(await shown(tenants)).toEqual(["public.patient leak"])
  await run(join("noinherit"))
  expect(await shown(tenants)).toEqual([])
  const each: typeof tenants = []
  for (const tenant of tenants) {
    const { user, password } = await db.cluster.login({ label: "each" })
    await run(`alter role "${user}" inherit; grant "${tenant.name}", :"app" to "${user}"`)
    each.push({ ...tenant, connect: { ...tenant.connect, user, password } })
  }
  expect(await shown(each)).toEqual([])
})
