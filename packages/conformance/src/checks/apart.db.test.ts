import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Report } from "../report/report.js"
import type { TargetInput } from "../target/schema.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const ofCheck = ({ checks }: Report, code: string) => checks.find(({ check }) => check === code)
const setting = "(select nullif(current_setting('app.branch', true), '')::int)"
const definer = "language sql stable security definer set search_path = pg_catalog, pg_temp as"

/** Each branch logs in as itself, and its login says which branch it is. */
async function loginEach(): Promise<Partial<TargetInput>> {
  const tenants: NonNullable<TargetInput["tenants"]> = []
  for (const key of ["1", "2"]) {
    const { user, password } = await db.cluster.login({ label: `branch${key}` })
    await run(`alter role "${user}" set app.branch = '${key}'; alter role "${user}" inherit; grant :"app" to "${user}"`)
    tenants.push({ name: key, key, connect: { user, password } })
  }
  return { tenants }
}

/** A context that a transaction enters once. */
async function enteredOnce(): Promise<Partial<TargetInput>> {
  await run(`create function enter(b text) returns void language plpgsql as $$begin
    if coalesce(current_setting('app.branch', true), '') not in ('', b) then raise 'one branch a transaction'; end if;
    perform set_config('app.branch', b, true); end$$`)
  return { tenants: ["1", "2"].map((key) => ({ name: key, key, connect: { statements: [`select enter('${key}')`] } })) }
}

describe.each([
  ["a login each", loginEach],
  ["goes on as the other", enteredOnce],
])("tenants that no transaction can both be: %s", (why, apart) => {
  test("a trigger's writes are inconclusive, by name", { timeout: 120_000 }, async () => {
    await run(`create function spoil() returns trigger language plpgsql security definer as
        $$begin update public.visit set note = 'gone' where branch_id <> new.branch_id; return null; end$$;
      create trigger spoil after insert or update on patient for each row execute function spoil();`)
    const report = await system.verify(["WKC049"], await apart())
    expect(report.verdict).toBe("INCONCLUSIVE")
    expect(ofCheck(report, "WKC049")?.reason).toContain(why)
    expect(ofCheck(report, "WKC049")?.reason).toContain("public.patient")
  })

  test("a trigger with the caller's rights is a line of what was left out, a rule is not", {
    timeout: 120_000,
  }, async () => {
    await run(`create function touch() returns trigger language plpgsql as
        $$begin /* no SECURITY DEFINER */ new.note := coalesce(new.note, ''); return new; end$$;
      create trigger touch before insert or update on visit for each row execute function touch();`)
    const target = await apart()
    const report = await system.verify(["WKC020", "WKC049"], target)
    expect(report.verdict).toBe("NOT_FOUND")
    const said = report.notCovered.find((line) => line.startsWith("WKC049"))
    expect(said).toContain(why)
    expect(said).toContain("public.visit")
    await run("create rule told as on update to visit do also update patient set name = 'x' where id = 0")
    const ruled = await system.verify(["WKC020", "WKC049"], target)
    expect(ruled.verdict).toBe("INCONCLUSIVE")
    expect(ofCheck(ruled, "WKC049")?.reason).toContain("public.visit")
  })

  test("functions and views that show both the same are inconclusive, others a line of what was left out", {
    timeout: 120_000,
  }, async () => {
    // Bodies that are parsed when they are made came with 14.
    const body = (sql: string): string =>
      db.serverVersionNum >= 140_000 ? `begin atomic ${sql}; end` : `as $$${sql}$$`
    await run(`insert into patient (branch_id, mrn, name) values (1, 'M99', 'name ' || md5('99'));
      create function everybody() returns bigint ${definer} $$select count(*) from public.patient$$;
      create function ours() returns bigint ${definer} $$select count(*) from public.patient where branch_id = ${setting}$$;
      create function forget() returns void language sql security definer as $$update public.visit set note = '' where branch_id = 7$$;
      create function standard_ours() returns bigint language sql security definer
        ${body(`select count(*) from public.patient where branch_id = ${setting}`)};
      create function standard_forget() returns void language sql security definer
        ${body("update public.visit set note = '' where branch_id = 7")};
      create view total as select count(*) as n from patient;
      create view total_of_ours as select count(*) as n from patient where branch_id = ${setting};
      create table outbox (words text);
      grant select on total, total_of_ours, outbox to :"app";`)
    const target = await apart()
    const report = await system.verify(["WKC040", "WKC041", "WKC042"], target)
    expect(report.findings).toEqual([])
    const reasons = ["WKC040", "WKC041", "WKC042"].map((code) => ofCheck(report, code)?.reason ?? "")
    for (const reason of reasons) expect(reason).toContain(why)
    expect(reasons[0]).toContain("public.total")
    expect(reasons[1]).toMatch(/everybody\(\)/)
    expect(reasons[1]).toMatch(/\.forget\(\)/)
    expect(reasons[1]).toMatch(/standard_forget\(\)/)
    expect(reasons[2]).toContain("public.outbox")
    expect(reasons.join()).not.toMatch(/ours/)
    await run(`drop view total; drop function everybody, forget, standard_forget; insert into outbox values ('to do')`)
    const rest = await system.verify(["WKC040", "WKC041", "WKC042"], target)
    expect([rest.verdict, rest.findings]).toEqual(["NOT_FOUND", []])
    for (const name of ["public.total_of_ours", "public.ours()", "public.outbox"]) {
      expect(rest.notCovered.join("\n")).toContain(name)
    }
  })
})

describe("a number that a trigger gives to a row of one's own, where each tenant has a login", () => {
  const counting = (table: string, given: string, where: string): string => `
    create or replace function number_${table}() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
      begin if tg_op = 'INSERT' then ${given} from ${table} x where ${where}; end if; return new; end$$; -- no update here
    create or replace trigger number_${table} before insert on ${table} for each row execute function number_${table}();`
  const both = (mine: string): string =>
    counting("claim", "select coalesce(max(x.no), 0) + 1 into new.no", `x.year = new.year ${mine}`) +
    counting(
      "bill",
      "select '2026-' || lpad((coalesce(max(right(x.no, 4)::int), 0) + 1)::text, 4, '0') into new.no",
      `x.no like '2026-%' ${mine}`,
    )
  const tables = `
    create table claim (
      branch_id int not null, year int not null check (year between 2000 and 2099), no int not null, note text,
      primary key (branch_id, year, no)
    );
    insert into claim select 1, 2026, g from generate_series(1, 2) g union all select 1, 2025, 1 union all
      select 2, 2026, g from generate_series(1, 57) g;
    create table bill (branch_id int not null, no text not null, note text, primary key (branch_id, no));
    insert into bill select 1, '2026-000' || g from generate_series(1, 2) g union all
      select 2, '2026-' || lpad(g::text, 4, '0') from generate_series(1, 57) g;
    ${["claim", "bill"]
      .map(
        (table) => `alter table ${table} enable row level security;
          create policy p on ${table} using (branch_id = ${setting}); grant select on ${table} to :"app";`,
      )
      .join("\n")}
    grant insert (branch_id, year, note) on claim to :"app"; grant insert (branch_id, note) on bill to :"app";`
  const told = async (target: Partial<TargetInput>): Promise<string[]> =>
    (await system.verify(["WKC047"], target)).findings.map(({ object, severity }) => `${object} ${severity}`).sort()

  test.each(["delete", "truncate"])(
    "goes on from everybody's rows, until it is counted for each; with %s on the table",
    { timeout: 120_000 },
    async (privilege) => {
      await run(`${tables} ${both("")} grant ${privilege} on claim, bill to :"app"`)
      const target = await loginEach()
      const report = await system.verify(["WKC047"], target)
      expect(report.findings.map(({ object, severity }) => `${object} ${severity}`).sort()).toEqual([
        "public.bill oracle",
        "public.claim oracle",
      ])
      expect(JSON.stringify(report.findings.map(({ evidence, message }) => evidence + message))).not.toMatch(/5[78]/)
      await run(both("and x.branch_id = new.branch_id"))
      expect(await told(target)).toEqual([])
    },
  )

  test("counts everybody's rows of the year, and not where it counts those of one's own", {
    timeout: 120_000,
  }, async () => {
    const given = (what: string, where: string): string => counting("claim", `select ${what} + 1 into new.no`, where)
    await run(`${tables} grant delete on claim to :"app"; ${given("count(*)", "x.year = new.year")}`)
    const target = await loginEach()
    expect(await told(target)).toEqual(["public.claim oracle"])
    // One's own, of all years: by chance what another tenant has in one of them.
    const own = "x.branch_id = new.branch_id"
    await run(`${given("max(x.no)", own)} update claim set no = 57 where branch_id = 1 and year = 2025`)
    expect(await told(target)).toEqual([])
    await run(
      `${given("count(*)", own)} delete from claim where branch_id = 2 and no > 3; update claim set no = 9 where year = 2025`,
    )
    expect(await told(target)).toEqual([])
    await run(`delete from claim where branch_id = 2 and no > 1; ${given("count(*)", `${own} and x.note is null`)}
      insert into claim (branch_id, year, note) values (1, 2024, 'not counted')`)
    expect(await told(target)).toEqual([])
  })

  test("is none of others where a counter of one's own stands by chance where another's rows end", {
    timeout: 120_000,
  }, async () => {
    await run(`${tables} create table counted (branch_id int, year int, last int, primary key (branch_id, year));
      insert into counted values (1, 2026, 57), (1, 2025, 1), (2, 2026, 57);
      create function number_claim() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
        begin
          if not exists (select from claim) then raise exception 'no claims yet'; end if;
          update counted c set last = last + 1 where c.branch_id = new.branch_id and c.year = new.year returning last into new.no;
          return new;
        end$$;
      create trigger number_claim before insert on claim for each row execute function number_claim();`)
    const target = await loginEach()
    expect(await told(target)).toEqual([])
    await run('grant delete on claim to :"app"')
    expect(await told(target)).toEqual([])
  })
})

describe("a schema and a login for each tenant, whose tables say the tenant in a column as well", () => {
  const schemas = ["public", "practice_1", "practice_2"]
  const found = async (target: Partial<TargetInput>): Promise<string[]> => {
    const { findings } = await system.verify(["WKC010", "WKC020", "WKC022", "WKC025"], { ...target, schemas })
    return findings
      .filter(({ object, severity }) => object.includes("letter") && severity !== "hygiene")
      .map(({ check, object, verdict }) => `${check} ${object} ${verdict}`)
      .sort()
  }
  const made = async (): Promise<Partial<TargetInput>> => {
    const target = await loginEach()
    for (const { key, connect } of target.tenants ?? [])
      await run(`create schema practice_${key}; grant usage on schema practice_${key} to "${connect?.user}";
        create table practice_${key}.letter (no int primary key, branch_id int not null default ${key}, body text not null);
        insert into practice_${key}.letter (no, body) values (1, 'letter ' || md5('${key}'));
        grant select, insert, update, delete on practice_${key}.letter to "${connect?.user}";`)
    return target
  }

  test("hold nobody else's rows, whatever a row says, until another login is let in", {
    timeout: 120_000,
  }, async () => {
    const target = await made()
    expect(await found(target)).toEqual([])
    await run('grant usage on schema practice_2 to :"app"; grant select on practice_2.letter to :"app"')
    expect(await found(target)).toEqual(["WKC020 practice_2.letter LEAK"])
  })

  test.each([
    ["a view beside them reads the column", "create view public.all_letters as select * from practice_1.letter"],
    [
      "a function beside them does",
      "create function public.letters() returns bigint language sql as 'select count(*) from practice_2.letter where branch_id = 1'",
    ],
    [
      "a function beside them makes its statements at run time",
      `create function public.letters() returns bigint language plpgsql as $$declare s text; n bigint; begin
        for s in select nspname from pg_namespace where nspname like 'practice%' loop execute format('select count(*) from %I.letter', s) into n; end loop;
        return n; end$$`,
    ],
    [
      "a policy beside them asks them",
      "create policy invited on patient for update using (exists (select from practice_1.letter l where l.branch_id = patient.branch_id))",
    ],
    [
      "a parent beside them has their rows",
      "create table public.letter (no int, branch_id int, body text); alter table practice_1.letter inherit public.letter",
    ],
    [
      "a trigger beside them is told of their rows",
      `create function public.told() returns trigger language plpgsql as 'begin return new; end';
        create trigger told before insert on practice_1.letter for each row execute function public.told()`,
    ],
    ["a policy of their own may ask it", "alter table practice_1.letter enable row level security"],
    ["none of them has a row", "delete from practice_1.letter"],
    ["rows of another tenant are there", "insert into practice_1.letter values (2, 2, 'of the other')"],
  ])("are told apart by the column where %s", { timeout: 120_000 }, async (_, sql) => {
    const target = await made()
    await run(sql)
    expect(await found(target)).toContain("WKC022 practice_2.letter LEAK")
  })

  test("have beside them what is not theirs by its schema: a view of what is shared, and a copy", {
    timeout: 120_000,
  }, async () => {
    const target = await made()
    const [one] = (target.tenants ?? []).map(({ connect }) => connect?.user ?? "")
    await run(`insert into practice_2.letter (no, body) select g, 'letter ' || md5(g::text) from generate_series(3, 6) g;
      create view practice_1.waiting as select * from public.patient where branch_id = 1;
      create table practice_1.digest as select body from practice_2.letter;
      grant select, insert, update on practice_1.waiting to "${one}"; grant select on practice_1.digest to "${one}";`)
    const { findings } = await system.verify(["WKC022", "WKC042"], { ...target, schemas })
    expect(findings.map(({ check, object, verdict }) => `${check} ${object} ${verdict}`).sort()).toEqual([
      "WKC022 practice_1.waiting LEAK",
      "WKC042 practice_1.digest LEAK",
    ])
  })
})

test("a login for each tenant has no connection that two of them follow each other on", {
  timeout: 120_000,
}, async () => {
  const { checks } = await system.verify(["WKC034", "WKC043"], await loginEach())
  for (const check of checks) {
    expect(check).toMatchObject({
      verdict: "NOT_APPLICABLE",
      reason: expect.stringContaining("no two tenants share a login"),
    })
  }
})

test("a plan that outlives a transaction is met in the next one, where a transaction is one tenant's", {
  timeout: 120_000,
}, async () => {
  await run(`create function mine() returns int language sql immutable as $$select nullif(current_setting('app.branch', true), '')::int$$;
    drop policy p on visit; create policy p on visit using (branch_id = mine());`)
  const report = await system.verify(["WKC034"], await enteredOnce())
  expect(report.findings.map(({ object, severity }) => `${object} ${severity}`)).toEqual([
    "public.visit leak",
    "public.visit_line leak",
  ])
})

test("another login's statements are out of reach, until it may read everybody's", { timeout: 60_000 }, async () => {
  const target = await loginEach()
  const judged = async (): Promise<string[]> => {
    const { verdict, findings } = await system.verify(["WKC107"], target)
    return [verdict, ...findings.map(({ severity, object }) => `${severity} ${object}`)]
  }
  expect(await judged()).toEqual(["NOT_FOUND"])
  const [one, other] = (target.tenants ?? []).map(({ connect }) => connect?.user ?? "")
  await run(`grant pg_read_all_stats to "${one}"`)
  expect(await judged()).toEqual(["LEAK", `leak sessions of ${other}`])
  await run(`revoke pg_read_all_stats from "${one}"; grant pg_signal_backend to "${one}"`)
  expect(await judged()).toEqual(["NOT_FOUND", `hygiene sessions of ${other}`])
})

test("one login's sessions are its own, which is said and is no finding, whoever runs the suite", {
  timeout: 60_000,
}, async () => {
  const reader = await db.cluster.login({ label: "reader" })
  for (const who of [undefined, reader]) {
    const report = await system.verify(["WKC107"], {}, who)
    expect(report.findings).toEqual([])
    expect(ofCheck(report, "WKC107")).toMatchObject({ verdict: "NOT_FOUND", probes: 3, controls: 1 })
    const said = report.notCovered.filter((line) => line.startsWith("WKC107"))
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(`share the login ${system.app.user}`)
  }
})
