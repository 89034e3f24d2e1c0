import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { urlFor, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Report } from "../report/report.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const found = ({ findings }: Report, object: string): string[] =>
  findings.filter((finding) => finding.object === object).map(({ check, severity }) => `${check} ${severity}`)

const setting = "(select nullif(current_setting('app.branch', true), '')::int)"
const own = (table: string): string => `alter table ${table} enable row level security, force row level security;
  create policy p on ${table} using (branch_id = ${setting});`

/** What the last statement of a finding's replay answers, pasted with the application's login. */
async function told({ findings }: Report, object: string): Promise<unknown> {
  const replay = findings.find((finding) => finding.object === object)?.replay ?? ""
  return await withClient(urlFor(db.adminUrl, system.name, system.app), async (client) => {
    const results = [await client.query<Record<string, unknown>>(replay)].flat()
    return results.findLast(({ rows }) => rows.length > 0)?.rows[0]
  })
}

describe("a table that decides whose rows are seen", () => {
  test("is widened by a request that approves itself, and not by one that cannot", { timeout: 120_000 }, async () => {
    await run(`create table cover (branch_id int, covered int, from_day date, approved boolean not null default false,
        state text not null default 'asked', primary key (branch_id, covered, from_day));
      insert into cover values (9, 8, '2026-01-01', true, 'agreed by both');
      ${own("cover")} grant select, insert on cover to :"app";
      create policy covered on visit for select using (branch_id in
        (select c.covered from cover c where c.branch_id = ${setting} and c.approved and c.state = 'agreed by both'))`)
    const report = await system.verify(["WKC071"])
    expect(found(report, "public.cover")).toEqual(["WKC071 leak"])
    await run('revoke insert on cover from :"app"; grant insert (branch_id, covered, from_day) on cover to :"app"')
    expect(found(await system.verify(["WKC071"]), "public.cover")).toEqual([])
  })

  test("is one that a function lays over the context, and not one that lies below it", {
    timeout: 120_000,
  }, async () => {
    const merged = (over: string): string => `create or replace function mine() returns int language sql stable
      security definer set search_path = pg_catalog, pg_temp as $$select ((${over}) ->> 'branch')::int from public.taste t
      where t.branch_id = current_setting('app.branch', true)::int$$;`
    const context = "jsonb_build_object('branch', current_setting('app.branch', true))"
    await run(`create table taste (branch_id int primary key, value jsonb not null default '{}');
      insert into taste values (1), (2); ${own("taste")} grant select, update (value) on taste to :"app";
      ${merged(`${context} || t.value`)} drop policy p on visit; create policy p on visit using (branch_id = (select mine()))`)
    const report = await system.verify(["WKC071"])
    expect(found(report, "public.taste")).toEqual(["WKC071 leak"])
    expect(Number(Object.values((await told(report, "public.taste")) ?? {})[0])).toBeGreaterThan(0)
    await run(merged(`t.value || ${context}`))
    expect(found(await system.verify(["WKC071"]), "public.taste")).toEqual([])
  })
})

describe("a row of one's own that a policy compares with somebody else's", () => {
  test("opens what the other was invited to, and not where it may not say so, or says a secret", {
    timeout: 120_000,
  }, async () => {
    await run(`create table profile (usr text primary key, mail text); insert into profile values ('1', 'asha@clinic.example'), ('2', 'bela@clinic.example');
      create table invite (branch_id int, mail text, revoked boolean not null default false, primary key (branch_id, mail));
      insert into invite values (2, 'guest@cardio.example');
      create function mine() returns setof int language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
        select nullif(current_setting('app.branch', true), '')::int union select i.branch_id from invite i join profile p using (mail)
        where p.usr = current_setting('app.branch', true) and not i.revoked$$;
      alter table profile enable row level security; alter table invite enable row level security;
      create policy own on profile using (usr = current_setting('app.branch', true));
      create policy own on invite for select using (branch_id = ${setting});
      grant select, update (mail) on profile to :"app"; grant select on invite to :"app";
      drop policy p on visit; create policy p on visit using (branch_id in (select mine()))`)
    const report = await system.verify(["WKC071"])
    expect(found(report, "public.profile")).toEqual(["WKC071 leak"])
    expect(JSON.stringify(report)).not.toContain("guest@cardio")
    await run(`update invite set mail = '${"3f9a".repeat(8)}'`)
    expect(found(await system.verify(["WKC071"]), "public.profile")).toEqual([])
    await run("update invite set mail = 'guest@cardio.example', revoked = true")
    expect(found(await system.verify(["WKC071"]), "public.profile")).toEqual([])
  })
})

describe("an UPDATE that reads no column", () => {
  const queue = (
    using: string,
  ): string => `create table job (branch_id int references branch, no int, printer text, words text not null);
    insert into job values (1, 1, 'P1', 'a'), (1, 2, null, 'b'), (2, 1, null, 'c'), (2, 2, 'P2', 'd'), (null, 9, null, 'nobody''s');
    alter table job enable row level security, force row level security;
    create policy r on job for select using (branch_id = ${setting});
    create policy w on job for update using (${using}) with check (branch_id = ${setting});
    grant select, update on job to :"app";`

  test("takes over what the USING lets pass, and not where it compares the tenant or the row is nobody's", {
    timeout: 120_000,
  }, async () => {
    await run(queue("printer is null"))
    const report = await system.verify(["WKC023"])
    expect(found(report, "public.job")).toEqual(["WKC023 leak"])
    await run(`alter policy w on job using (branch_id = ${setting} or branch_id is null)`)
    expect(found(await system.verify(["WKC023"]), "public.job")).toEqual([])
  })
})

describe("words that another tenant is shown", () => {
  test("stand in a table that is called global and that tenants write, and not where none writes", {
    timeout: 120_000,
  }, async () => {
    await run('alter table drug add column remark text; grant update (remark) on drug to :"app"')
    const report = await system.verify(["WKC042"])
    expect(found(report, "public.drug")).toEqual(["WKC042 leak"])
    expect(await told(report, "public.drug")).toEqual({ count: "1" })
    await run('revoke update (remark) on drug from :"app"')
    expect(found(await system.verify(["WKC042"]), "public.drug")).toEqual([])
  })

  test("are those of deleted rows, where a log's policy asks the new row alone", { timeout: 120_000 }, async () => {
    const rule = (row: string): string =>
      `coalesce(${row} ->> 'branch_id', current_setting('app.branch', true)) = current_setting('app.branch', true)`
    await run(`create table taken (branch_id int not null references branch, words text);
      insert into taken values (1, 'a'), (2, 'b'); ${own("taken")} grant select, insert, delete on taken to :"app";
      create table change_log (old_row jsonb, new_row jsonb);
      create function logged() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
        begin insert into public.change_log values (
          case when tg_op <> 'INSERT' then to_jsonb(old) end, case when tg_op <> 'DELETE' then to_jsonb(new) end);
        return null; end$$;
      create trigger logged after insert or update or delete on taken for each row execute function logged();
      alter table change_log enable row level security;
      create policy p on change_log for select using (${rule("new_row")}); grant select on change_log to :"app"`)
    expect(found(await system.verify(["WKC042"]), "public.change_log")).toEqual(["WKC042 leak"])
    await run(`alter policy p on change_log using (${rule("coalesce(new_row, old_row)")})`)
    expect(found(await system.verify(["WKC042"]), "public.change_log")).toEqual([])
  })

  test("hang on its own row, which their author does not see; where both see it, they share it", {
    timeout: 120_000,
  }, async () => {
    await run(`create table remark (branch_id int not null, no int not null, patient_id int not null references patient (id), words text not null,
        primary key (branch_id, no));
      insert into remark select branch_id, id, id, 'words ' || id from patient;
      alter table remark enable row level security, force row level security;
      create policy thread on remark for select using (exists (select from patient p where p.id = patient_id));
      create policy sign on remark for insert with check (branch_id = ${setting});
      grant select, insert on remark to :"app"`)
    const report = await system.verify(["WKC050"])
    expect(found(report, "public.remark")).toEqual(["WKC050 leak"])
    expect(Number(Object.values((await told(report, "public.remark")) ?? {})[0])).toBeGreaterThan(0)
    await run("create policy shared on patient for select using (true)")
    expect(found(await system.verify(["WKC050"]), "public.remark")).toEqual(["WKC050 oracle"])
    await run("drop policy shared on patient; drop policy thread on remark")
    await run(`create policy thread on remark for select using (branch_id = ${setting})`)
    expect(found(await system.verify(["WKC050"]), "public.remark")).toEqual(["WKC050 oracle"])
  })
})

describe("what is done instead, and what is asked at the end", () => {
  test("is looked up where a trigger on a view writes for the context, whatever the row says", {
    timeout: 120_000,
  }, async () => {
    const instead = (
      whose: string,
    ): string => `create or replace function written() returns trigger language plpgsql security definer
      set search_path = pg_catalog, pg_temp as $$begin
        insert into public.place (branch_id, no, words) values (${whose}, new.no, new.words); return new; end$$;`
    await run(`create table place (branch_id int not null, no int not null, words text, primary key (branch_id, no));
      insert into place values (1, 1, 'a'), (2, 1, 'b'); alter table place enable row level security;
      create view v_place with (security_barrier) as select * from place where branch_id = nullif(current_setting('app.branch', true), '')::int;
      ${instead("nullif(current_setting('app.branch', true), '')::int")}
      create trigger written instead of insert on v_place for each row execute function written();
      grant select, insert on v_place to :"app"`)
    expect(found(await system.verify(["WKC022"]), "public.v_place")).toEqual([])
    await run(instead("new.branch_id"))
    expect(found(await system.verify(["WKC022"]), "public.v_place")).toEqual(["WKC022 leak"])
  })

  test("is asked at once in the replay of a deferred reference or key", { timeout: 120_000 }, async () => {
    await run(`alter table visit drop constraint visit_branch_id_patient_id_fkey,
      add constraint late foreign key (patient_id) references patient (id) deferrable initially deferred`)
    const [finding] = (await system.verify(["WKC050"])).findings
    expect(finding?.replay).toContain("set constraints all immediate;")
    await run(
      "alter table patient add column abha text, add constraint once unique (abha) deferrable initially deferred",
    )
    const [key] = (await system.verify(["WKC060"])).findings
    expect(key?.replay).toContain("set constraints all immediate;")
  })
})
