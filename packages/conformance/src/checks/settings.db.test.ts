import { expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Report } from "../report/report.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system
const setting = "(select nullif(current_setting('app.branch', true), '')::int)"
const slow = { timeout: 120_000 }

const of = ({ findings }: Report, code: string): string[] =>
  findings.filter(({ check }) => check === code).map(({ object, severity }) => `${object} ${severity}`)

/** A back door beside the policy: a setting that the target does not name opens the table. */
const door = (condition: string): string =>
  `drop policy if exists door on patient; create policy door on patient using (${condition});`

test("a setting that nobody names is found wherever its name stands", slow, async () => {
  await run("create schema ext; grant usage on schema ext to public")
  const doors: Record<string, string> = {
    "app.door2": "current_setting('app.door2', true) = 'on'",
    "app.in_function": "ext.opened()",
    "app.by_name": "ext.setting('by_name') = 'on'",
    "app.put_together": "current_setting('app.' || 'put_together', true) = 'on'",
    "app.by_variable": "ext.by_variable()",
  }
  await run(`create function ext.opened() returns boolean language sql stable as $$select current_setting('app.in_function', true) = 'on'$$;
    create function ext.setting(name text) returns text language sql stable as $$select current_setting('app.' || name, true)$$;
    create function ext.by_variable() returns boolean language plpgsql stable as
      $$declare wanted text := 'app.by_variable'; begin return current_setting(wanted, true) = 'on'; end$$;`)
  for (const [name, condition] of Object.entries(doors)) {
    await run(door(condition))
    const { findings } = await system.verify(["WKC033"])
    expect(
      findings.some(({ evidence }) => evidence.includes(`after ${name} was set by: `)),
      name,
    ).toBe(true)
  }
})

test("a name that only runs is put together from data is said to be not tried", slow, async () => {
  await run(`create table door_name (name text); insert into door_name values ('app.hidden');
    create function opened() returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as
      $$select current_setting((select name from public.door_name), true) = 'on'$$; ${door("opened()")}`)
  const { notCovered } = await system.verify(["WKC033"])
  expect(notCovered.join("\n")).toMatch(/WKC033: the name of a setting is put together there .*: public\.opened/)
})

test("a secret is known by its look and its use, not only by its name", slow, async () => {
  const judged = async (change: string): Promise<string[]> => {
    await run(change)
    const found = of(await system.verify(["WKC035"]), "WKC035").map((one) => one.replace(system.app.user, "app"))
    await run(`alter role :"app" reset all; drop function if exists verified`)
    return found
  }
  const key = `alter role :"app" set app.k1 = 'w9fQm2Lr';`
  const verified = (body: string): string =>
    `create function hmac(a text, b text, c text) returns bytea language sql as 'select null::bytea';
     create function verified(t text) returns boolean language plpgsql as $$begin ${body}; return true; end$$;`
  expect(await judged(`alter role :"app" set app.link = 'postgres://owner:pass@db/clinic'`)).toEqual(["app leak"])
  expect(
    await judged(`alter role :"app" set app.claims = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz'`),
  ).toEqual(["app leak"])
  expect(await judged(`alter role :"app" set app.release = '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b'`)).toEqual([
    "app hygiene",
  ])
  expect(await judged(`alter role :"app" set app.home = '3f0c1a52-1111-4111-8111-aaaaaaaaaaaa'`)).toEqual([])
  expect(await judged(key)).toEqual([])
  expect(await judged(`${key} ${verified("perform hmac(t, current_setting('app.k1'), 'sha256')")}`)).toEqual([
    "app leak",
  ])
  await run("drop function hmac")
  await run(
    `create function entered() returns void language sql set app.jwt_secret = '0123456789abcdef' as 'select null::void'`,
  )
  expect(await judged("select 1")).toEqual(["public.entered leak"])
})

test("a table in which a tenant is shown nothing of its own is named", slow, async () => {
  await run(`create table shut (branch_id int not null, words text); insert into shut values (1, 'a'), (2, 'b');
    alter table shut enable row level security, force row level security;
    create policy p on shut using (branch_id = ${setting} and false); grant select on shut to :"app"`)
  const report = await system.verify(["WKC020"])
  expect([report.verdict, of(report, "WKC020")]).toEqual(["NOT_FOUND", []])
  expect(report.notCovered.join("\n")).toMatch(/is shown none of its own rows there.*: public\.shut/)
})

test(
  "what a policy asks for every row is named, with what asks once, and an index that it cannot use",
  slow,
  async () => {
    const judged = async (policy: string) => {
      await run(`drop policy if exists p on visit; create policy p on visit using (${policy})`)
      return (await system.verify(["WKC104"])).findings.find(({ object }) => object === "public.visit")
    }
    await run(
      "create function allowed(b int) returns boolean language plpgsql stable as $$begin return b = nullif(current_setting('app.branch', true), '')::int; end$$",
    )
    expect(await judged(`branch_id = ${setting}`)).toBeUndefined()
    expect(await judged(`branch_id = ${setting} and patient_id < abs(id) + 1000`)).toBeUndefined()
    const plain = await judged("branch_id = nullif(current_setting('app.branch', true), '')::int")
    expect(plain).toMatchObject({ severity: "hygiene", fix: expect.stringContaining("(select current_setting(…))") })
    expect(plain?.evidence).toContain("12 rows read, 6 of them shown")
    expect((await judged("allowed(branch_id)"))?.fix).toMatch(/Let allowed answer with the keys.*create index on/)
    const cast = await judged(`branch_id::text = (select current_setting('app.branch', true))`)
    expect(cast?.message).toBe(
      "No index helps a tenant to its own rows: PostgreSQL reads everybody's even where it should not.",
    )
  },
)
