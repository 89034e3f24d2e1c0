import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

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
