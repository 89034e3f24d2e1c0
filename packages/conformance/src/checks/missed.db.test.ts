import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { urlFor, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Report } from "../report/report.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const judged = (...only: string[]): Promise<Report> => system.verify(only)

const found = ({ findings }: Report, object: string): string[] =>
  findings.filter((finding) => finding.object === object).map(({ check, severity }) => `${check} ${severity}`)

const setting = "(select nullif(current_setting('app.branch', true), '')::int)"

describe("a row that passed the policies and met a constraint", () => {
  const numbered = `
    create table bill (
      branch_id int not null references branch, no int not null, paid boolean not null default false, primary key (branch_id, no)
    );
    insert into bill (branch_id, no) select b, g from generate_series(1, 2) b, generate_series(1, 3) g;
    alter table bill enable row level security, force row level security;
    create policy p on bill using (branch_id = ${setting});
    grant select, insert, update, delete on bill to :"app";`

  test("is moved with a number that is free there", { timeout: 120_000 }, async () => {
    await run(`${numbered} drop policy p on bill;
      create policy p on bill using (branch_id = ${setting}) with check (true);`)
    expect(found(await judged("WKC025"), "public.bill")).toEqual(["WKC025 leak"])
    await run("alter policy p on bill with check (branch_id = nullif(current_setting('app.branch', true), '')::int)")
    expect(found(await judged("WKC025"), "public.bill")).toEqual([])
  })

  test("is a leak, whatever the constraint", { timeout: 120_000 }, async () => {
    await run(`${numbered} drop policy p on bill;
      alter table bill add column text text not null default '', add constraint own_number check (text <> 'moved' and no < 1000);
      create policy p on bill using (branch_id = ${setting}) with check (true);`)
    expect(found(await judged("WKC022", "WKC025", "WKC012"), "public.bill")).toEqual([
      "WKC012 leak",
      "WKC022 leak",
      "WKC025 leak",
    ])
    await run("alter policy p on bill with check (branch_id = nullif(current_setting('app.branch', true), '')::int)")
    expect(found(await judged("WKC022", "WKC025", "WKC012"), "public.bill")).toEqual([])
  })

  test("is none where a trigger afterwards could still refuse it, and one where it only keeps a log", {
    timeout: 120_000,
  }, async () => {
    await run(`${numbered} drop policy p on bill;
      alter table bill add column text text not null default '', add constraint own_number check (text <> 'moved' and no < 1000);
      create policy p on bill using (branch_id = ${setting}) with check (true);
      create function guarded() returns trigger language plpgsql as
        $$begin if new.branch_id <> ${setting} then raise exception 'not yours'; end if; return null; end$$;
      create function logged() returns trigger language plpgsql as $$begin perform 1; return null; end$$;
      create trigger afterwards after insert or update on bill for each row execute function guarded();`)
    expect(found(await judged("WKC022", "WKC025"), "public.bill")).toEqual([])
    await run(`drop trigger afterwards on bill;
      create trigger afterwards after insert or update on bill for each row execute function logged();`)
    expect(found(await judged("WKC022", "WKC025"), "public.bill")).toEqual(["WKC022 leak", "WKC025 leak"])
  })

  test("is none where a trigger or a constraint asks who is asking", { timeout: 120_000 }, async () => {
    await run(`${numbered} drop policy p on bill;
      create policy p on bill using (branch_id = ${setting}) with check (true);
      alter table bill add constraint own check (branch_id = nullif(current_setting('app.branch', true), '')::int) not valid;`)
    expect(found(await judged("WKC022", "WKC025"), "public.bill")).toEqual([])
    await run(`alter table bill drop constraint own;
      create function home() returns trigger language plpgsql as
        $$begin new.branch_id := nullif(current_setting('app.branch', true), '')::int; return new; end$$;
      create trigger home before insert or update on bill for each row execute function home();`)
    expect(found(await judged("WKC022", "WKC025"), "public.bill")).toEqual([])
  })
})

describe("beyond the rows that are read back", () => {
  test("a copy of a row, and a view's row, are found behind 3,000 others", { timeout: 120_000 }, async () => {
    const rows = "select g + 100, 'own ' || md5(g::text) as words from generate_series(1, 3000) as g"
    await run(`update patient set mrn = 'MRN-' || md5(id::text); create table outbox (n int, words text); insert into outbox ${rows};
      insert into outbox select n, p.name || ' ' || p.mrn from patient p, generate_series(9000, 9000) n where branch_id = 2;
      create materialized view digest as select 0 as n, o.words from (select * from outbox order by n) as o;
      grant select on outbox, digest to :"app";`)
    const report = await judged("WKC040", "WKC042")
    expect([found(report, "public.digest"), found(report, "public.outbox")]).toEqual([["WKC040 leak"], ["WKC042 leak"]])
    for (const { replay } of report.findings.filter(({ object }) => /digest|outbox/.test(object))) {
      expect(replay).toContain(":'value_1'")
      expect(replay).not.toMatch(/name [0-9a-f]{32}/)
    }
    await run("delete from outbox where n = 9000; refresh materialized view digest")
    const clean = await judged("WKC040", "WKC042")
    expect([...found(clean, "public.digest"), ...found(clean, "public.outbox")]).toEqual([])
  })
})

describe("functions that answer with no word", () => {
  const columns = `
    alter table patient add column balance numeric(10, 2), add column born date, add column hiv boolean;
    update patient set balance = id * 10.5, born = date '1970-01-01' + id * 100, hiv = id % 3 = 0;`
  const answering = (where: string): string =>
    [
      ["balance", "numeric"],
      ["born", "date"],
      ["hiv", "boolean"],
    ]
      .map(
        ([name, type]) => `create or replace function ${name}_of(asked int) returns ${type} language sql stable
          security definer set search_path = pg_catalog, pg_temp as
          $$select ${name} from public.patient where id = asked${where}$$;`,
      )
      .join("\n")

  test("tell of a row, and the same with the tenant compared do not", { timeout: 120_000 }, async () => {
    await run(columns + answering(""))
    const report = await judged("WKC041")
    const objects = report.findings.map(({ object, severity }) => `${object} ${severity}`)
    expect(objects.sort()).toEqual(["public.balance_of leak", "public.born_of leak", "public.hiv_of leak"])
    for (const { replay } of report.findings) {
      const told = await withClient(urlFor(db.adminUrl, system.name, system.app), async (client) => {
        const results = [await client.query<{ answer: string }>(replay)].flat()
        return results.flatMap(({ rows }) => rows).filter((row) => "answer" in row)
      })
      expect(told.map(({ answer }) => answer)).not.toContain(null)
    }
    await run(answering(` and branch_id = ${setting}`))
    const mended = await judged("WKC041")
    expect(mended.findings).toEqual([])
    expect(mended.verdict).toBe("NOT_FOUND")
  })

  test("are left alone where they count with a number, or mean a row of everybody's", {
    timeout: 120_000,
  }, async () => {
    await run(`${columns}
      create table dose (id int primary key, mg int); insert into dose select g, g * 5 from generate_series(1, 200) g;
      grant select on dose to :"app";
      create function dose_of(asked int) returns int language sql stable security definer as
        $$select mg from public.dose where id = asked and exists (select from public.patient)$$;
      create function later_than(place int) returns bigint language sql stable security definer as
        $$select count(*) from public.patient where id > place and branch_id = ${setting}$$;
      create function left_of(place int) returns int language sql stable security definer as
        $$select greatest(0, 30 - place) from (select count(*) from public.patient) as q$$;`)
    expect((await judged("WKC041")).findings).toEqual([])
  })

  test("are left alone where a number below one of one's own begins anew in each tenant", {
    timeout: 120_000,
  }, async () => {
    const next = (where: string): string => `create or replace function next_finding(p_course_no int) returns int
      language sql stable security definer set search_path = public, pg_temp as
      $$select 10 + count(*)::int from finding where course_no = p_course_no and ${where}$$;`
    await run(`create table course (branch_id int not null references branch, no int not null, primary key (branch_id, no));
      create table finding (branch_id int not null, course_no int not null, no int not null, primary key (branch_id, course_no, no),
        foreign key (branch_id, course_no) references course);
      insert into course select b, g from generate_series(1, 2) b, generate_series(1, 3) g;
      insert into finding select branch_id, no, 1 from course;
      alter table course enable row level security; alter table finding enable row level security;
      create policy p on course using (branch_id = ${setting}); create policy p on finding using (branch_id = ${setting});
      ${next(`branch_id = ${setting}`)}`)
    expect((await judged("WKC041")).findings).toEqual([])
    await run(`update finding set no = no + 50 where branch_id = 2; delete from finding where branch_id = 1;
      delete from course where branch_id = 1; ${next("true")}`)
    expect((await judged("WKC041")).findings).not.toEqual([])
  })
})

describe("a table that decides whose rows are seen", () => {
  test("is tried however many rows stand before the attacker's", { timeout: 120_000 }, async () => {
    await run(`
      create table member (usr text, branch_id int, primary key (usr, branch_id));
      insert into member select 'u' || g, 7 from generate_series(1, 300) g;
      insert into member values ('1', 1), ('2', 2);
      grant select, insert on member to :"app";
      drop policy p on visit;
      create policy p on visit using (branch_id in (select m.branch_id from member m where m.usr = current_setting('app.branch', true)));`)
    expect(found(await judged("WKC071"), "public.member")).toEqual(["WKC071 leak"])
    await run('revoke insert on member from :"app"')
    expect(found(await judged("WKC071"), "public.member")).toEqual([])
  })
})

describe("functions that take more than a word or a number", () => {
  const also = `
    alter table visit add column came date, add column fee numeric(10, 2);
    update visit set came = date '2019-05-01' + id, fee = 7000 + id;`
  const setup = (name: string, takes: string, kind = "function"): string =>
    `create or replace ${kind} ${name}(${takes})${kind === "function" ? " returns text" : ""} language plpgsql security definer
      set search_path = pg_catalog, pg_temp as `
  const notes = (name: string, takes: string, where: string, mine: string): string =>
    `${setup(name, takes)} $$begin return (select string_agg(v.note, ' ') from public.visit v join public.patient p on p.id = v.patient_id
      where (${where})${mine}); end$$;`
  const all = (mine: string): string =>
    [
      ["by_names", "names text[]", "p.name = any (names)"],
      ["in_month", "year int, month int", "extract(year from came) = year and extract(month from came) = month"],
      ["in_period", "period text", "to_char(came, 'YYYY-MM') = period"],
      ["near_fee", "around numeric", "v.fee between around - 3 and around + 3"],
      ["in_filter", "doc jsonb", "v.id = (doc->'filter'->>'id')::int"],
      ["of_lines", "doc jsonb", "v.id in (select id from jsonb_populate_recordset(null::public.visit, doc->'lines'))"],
      [
        "at_place",
        "branch_name text",
        "exists (select from public.branch b where b.id = v.branch_id and b.name = branch_name)",
      ],
      ["begun", "q text", "length(q) = 3 and (v.note like q || '%' or p.name like q || '%')"],
      [
        "with_own_name",
        "p_mrn text, p_name text",
        `p.mrn = p_mrn and exists (select from public.patient o where o.name = p_name and o.branch_id = ${setting})`,
      ],
    ]
      .map(([name = "", takes = "", where = ""]) => notes(name, takes, where, mine))
      .join("\n") +
    `${setup("sheet", "columns text[]")} $$declare said text; begin
       execute (select format('select string_agg(concat(%s), '' '') from public.visit v where true${mine.replaceAll("'", "''")}', string_agg(quote_ident(c), ', '))
         from unnest(columns) c) into said; return said; end$$;`

  test("are asked with that, and with the tenant compared tell nothing", { timeout: 120_000 }, async () => {
    await run(also + all(""))
    const report = await judged("WKC041")
    const leaks = ["at_place", "begun", "by_names", "in_filter", "in_month", "in_period", "near_fee", "of_lines"]
    const objects = report.findings.map(({ object, severity }) => `${object} ${severity}`)
    expect(objects.sort()).toEqual([...leaks, "sheet", "with_own_name"].map((name) => `public.${name} leak`))
    expect(JSON.stringify(report.findings)).not.toMatch(/(name|note) [0-9a-f]{6}|\b70\d\d\b|2019-05|Velachery|\bM\d+\b/)
    await run(all(` and v.branch_id = ${setting}`))
    expect((await judged("WKC041")).findings).toEqual([])
  })

  test("are an oracle where they refuse in two ways, and none where the number alone decides how", {
    timeout: 120_000,
  }, async () => {
    const refusing = (first: string): string =>
      `${setup("cancel", "asked int", "procedure")} $$begin
         if not exists (select from public.visit where id = asked) then raise exception 'no visit %', asked using errcode = 'P0002'; end if;
         ${first} if not exists (select from public.visit where id = asked and branch_id = ${setting}) then
           raise exception 'visit % may not be cancelled in branch %', asked, ${setting} using errcode = '42501'; end if;
       end$$;`
    await run(refusing(""))
    expect(found(await judged("WKC041"), "public.cancel")).toEqual(["WKC041 oracle"])
    await run(`drop procedure cancel;
      ${setup("upto", "asked int")} $$declare told text; begin
        if asked not between 1 and 99999 then raise exception 'no number of a visit: %', asked using errcode = '22023'; end if;
        select note into told from public.visit where id = asked and branch_id = ${setting};
        if told is null then raise exception 'visit % is not of branch %, of 12', asked, ${setting}; end if;
        return told; end$$;
      alter table patient add column card text;
      update patient set card = 'C' || lpad((id * 97)::text, 8, '0');
      ${setup("of_card", "asked text")} $$declare told text; begin
        if substr(asked, 2)::int % 97 <> 0 then raise exception 'wrong check digits'; end if;
        select name into told from public.patient where card = asked and branch_id = ${setting};
        if told is null then raise exception 'no patient with %', asked using errcode = 'P0002'; end if;
        return told; end$$;`)
    expect((await judged("WKC041")).findings).toEqual([])
  })

  test("are an oracle where another tenant's code is taken, among words of one's own, and none once each has its own codes", {
    timeout: 120_000,
  }, async () => {
    const adding = (key: string): string => `drop table if exists coupon cascade;
      create table coupon (branch_id int not null, code text not null, made_for text not null, percent int not null, primary key (${key}));
      insert into coupon values (1, 'ANNA10', 'walk-ins', 10), (2, 'VELA40', 'a camp', 40);
      alter table coupon enable row level security; create policy p on coupon using (branch_id = ${setting});
      create or replace procedure add_coupon(p_code text, p_for text, p_percent int, inout p_status text default null)
        language plpgsql security definer set search_path = pg_catalog, pg_temp as $$begin
        if p_percent not between 5 and 45 or p_for not in (select made_for from public.coupon where branch_id = ${setting}) then
          p_status := 'not for that'; return; end if;
        insert into public.coupon values (${setting}, p_code, p_for, p_percent) on conflict do nothing;
        p_status := case when found then 'added' else 'in use' end;
      end$$;`
    await run(adding("code"))
    expect(found(await judged("WKC041"), "public.add_coupon")).toEqual(["WKC041 oracle"])
    await run(adding("branch_id, code"))
    expect(found(await judged("WKC041"), "public.add_coupon")).toEqual([])
  })
})
