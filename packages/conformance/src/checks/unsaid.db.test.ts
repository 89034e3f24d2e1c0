import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
const { run, verify } = useBaseSystem(db)

const setting = "(select nullif(current_setting('app.branch', true), '')::int)"

async function found(...only: string[]): Promise<string[]> {
  const { findings } = await verify(only)
  return findings
    .filter(({ severity }) => severity !== "hygiene")
    .map(({ check, object, severity }) => `${check} ${object} ${severity}`)
    .sort()
}

describe("a table without a tenant column", () => {
  test("says in a document, by an undeclared number, by a kind and in a path whose its rows are", {
    timeout: 120_000,
  }, async () => {
    await run(`
      create table event (id int generated always as identity primary key, data jsonb not null);
      insert into event (data) select jsonb_build_object('branch', jsonb_build_object('id', b), 'what', 'came') from generate_series(1, 2) b;
      create table vital (id int generated always as identity primary key, visit_id int not null, pulse int);
      insert into vital (visit_id, pulse) select id, 60 + id from visit;
      create table scan (id int generated always as identity primary key, owner_type text not null, owner_id int not null);
      insert into scan (owner_type, owner_id) select 'patient', id from patient union all select 'visit', id from visit;
      create table file (path text primary key, size int);
      insert into file values ('1/a.png', 1), ('2/b.png', 2);
      grant select on event, vital, scan, file to :"app";`)
    const leaks = ["event", "file", "scan", "vital"].map((name) => `WKC020 public.${name} leak`)
    expect(await found("WKC020")).toEqual(leaks)
    await run(`alter table event enable row level security; alter table vital enable row level security;
      alter table scan enable row level security; alter table file enable row level security;
      create policy p on event using ((data #>> '{branch,id}')::int = ${setting});
      create policy p on vital using (exists (select from visit v where v.id = visit_id));
      create policy p on scan using (case owner_type when 'patient' then exists (select from patient p where p.id = owner_id)
        else exists (select from visit v where v.id = owner_id) end);
      create policy p on file using (split_part(path, '/', 1) = current_setting('app.branch', true));`)
    expect(await found("WKC020")).toEqual([])
  })

  test("is everybody's where a fraction is no folder, and a document is called after what is in it", {
    timeout: 120_000,
  }, async () => {
    await run(`
      create table strength (name text primary key); insert into strength values ('1/2 saline'), ('2/3 dextrose');
      create table tally (id int primary key, data jsonb not null);
      insert into tally select b, jsonb_build_object('Nisha Rao', jsonb_build_object('branch', b)) from generate_series(1, 2) b;
      grant select on strength, tally to :"app";`)
    expect(await found("WKC020")).toEqual([])
  })
})

/** Rows say whose they are by the folder of their path, or by the number of a visit that no foreign key declares. */
const unsaid = `
  create table file (path text primary key, size int); insert into file values ('1/a.png', 1), ('2/b.png', 2);
  create table reading (visit_id int not null, slip bigint not null, finding text, primary key (visit_id, slip));
  insert into reading select id, 4096 + id, 'finding ' || md5('r' || id) from visit;
  alter table file enable row level security; alter table reading enable row level security;
  create policy p on file using (split_part(path, '/', 1) = current_setting('app.branch', true));
  create policy p on reading using (exists (select from visit v where v.id = visit_id));`
const definer = "security definer set search_path = public, pg_temp"

describe("what a row says of its tenant is known", { timeout: 120_000 }, () => {
  test("to a key: one that holds it is the tenant's own", async () => {
    await run(`${unsaid} grant select, insert on file, reading to :"app"`)
    expect(await found("WKC022", "WKC060")).toEqual([])
    await run("alter policy p on reading with check (true); alter policy p on file with check (true)")
    expect(await found("WKC022", "WKC060")).toEqual(["WKC022 public.file leak", "WKC022 public.reading leak"])
  })

  test("to what refers to it, and to what its deletion takes along", async () => {
    await run(`${unsaid} create table letter (branch_id int not null, no int not null, path text, primary key (branch_id, no));
      alter table letter add constraint scan foreign key (path) references file on delete cascade;
      insert into letter values (1, 1, '1/a.png'), (2, 1, '2/b.png');
      alter table letter enable row level security; create policy p on letter using (branch_id = ${setting});
      grant select, insert, update, delete on letter, file to :"app"`)
    expect(await found("WKC050", "WKC051", "WKC105")).toEqual(["WKC050 public.letter leak"])
    await run("insert into letter values (2, 2, '1/a.png')")
    expect(await found("WKC051", "WKC105")).toEqual(["WKC051 public.letter leak", "WKC105 public.file leak"])
    await run(`delete from letter where no = 2;
      alter policy p on letter with check (branch_id = ${setting} and split_part(path, '/', 1) = branch_id::text)`)
    expect(await found("WKC050", "WKC051", "WKC105")).toEqual([])
  })

  test("to a new row, which keeps it where the key is another one, so that what counts rows is seen to", async () => {
    const counted = (where: string): string =>
      `create or replace function findings() returns bigint language sql stable ${definer} as $$select count(*) from reading ${where}$$;`
    await run(`${unsaid} grant select, insert on reading to :"app"; ${counted("")}`)
    expect(await found("WKC041")).toEqual(["WKC041 public.findings leak"])
    await run(counted(`where visit_id in (select id from visit where branch_id = ${setting})`))
    expect(await found("WKC041")).toEqual([])
  })

  test("to what counts on from one's own: the number of the visit is no code", async () => {
    await run(`${unsaid} grant select on reading to :"app"; create function by_slip(code text) returns setof text
      language sql stable ${definer} as $$select finding from reading where to_hex(slip) = code$$`)
    expect(await found("WKC041")).toEqual(["WKC041 public.by_slip leak"])
  })

  test("to an update: another column is overwritten, and what says it to one's own", async () => {
    await run(`create table sheet (no int primary key, path text not null, note text);
      insert into sheet values (1, '1/a', 'of one'), (2, '2/b', 'of two'); alter table sheet enable row level security;
      create policy seen on sheet for select using (true); create policy changed on sheet for update using (true);
      grant select (no, note), update on sheet to :"app"`)
    expect(await found("WKC023")).toEqual(["WKC023 public.sheet leak"])
    await run(`alter policy seen on sheet using (split_part(path, '/', 1) = current_setting('app.branch', true));
      alter policy changed on sheet with check (split_part(path, '/', 1) = current_setting('app.branch', true))`)
    expect(await found("WKC023")).toEqual(["WKC023 public.sheet leak"])
    await run("alter policy changed on sheet using (split_part(path, '/', 1) = current_setting('app.branch', true))")
    expect(await found("WKC023")).toEqual([])
  })

  test("to a row that leaves it empty, which is nobody's", async () => {
    const keeping = (
      visit: string,
    ): string => `create or replace function keeps() returns trigger language plpgsql ${definer} as
      $$begin insert into public.happened (visit_id, words) values (${visit}, new.note); return null; end$$;`
    await run(`create table happened (id int generated always as identity primary key, visit_id int, words text not null);
      insert into happened (visit_id, words) select id, 'came' from visit; alter table happened enable row level security;
      create policy p on happened using (visit_id is null or exists (select from visit v where v.id = visit_id)); grant select on happened to :"app";
      ${keeping("null")} create trigger keeps after insert or update on visit for each row execute function keeps();`)
    expect(await found("WKC042")).toEqual(["WKC042 public.happened leak"])
    await run(keeping("new.id"))
    expect(await found("WKC042")).toEqual([])
  })

  test("to values that two tenants share: those of other columns, all at once", async () => {
    const refusing = (
      where: string,
    ): string => `create or replace function refuses() returns trigger language plpgsql ${definer} as
      $$begin if exists (select from public.pass p where (p.card, p.pin) = (new.card, new.pin) ${where}) then
        raise exception 'a pass like that is out'; end if; return new; end$$;`
    await run(`create table pass (no int generated always as identity primary key, path text not null, card text not null, pin text not null);
      insert into pass (path, card, pin) values ('1/a', 'card one', 'pin one'), ('2/b', 'card two', 'pin two');
      alter table pass enable row level security; create policy p on pass using (split_part(path, '/', 1) = current_setting('app.branch', true));
      grant select, insert on pass to :"app"; ${refusing("")}
      create trigger refuses before insert on pass for each row execute function refuses();`)
    expect(await found("WKC047")).toEqual(["WKC047 public.pass oracle"])
    await run(refusing("and split_part(p.path, '/', 1) = split_part(new.path, '/', 1)"))
    expect(await found("WKC047")).toEqual([])
  })

  test("to tables whose rows can be pointed at by nothing else, to those that hang on them, and to the catalog's checks", async () => {
    await run(`create table picture (path text not null, taken date not null, primary key (path, taken)) partition by range (taken);
      create table picture_26 partition of picture default;
      insert into picture values ('1/a.png', '2026-05-01'), ('2/b.png', '2026-05-01');
      create table cover (id int primary key, words text); insert into cover select id, 'cover ' || id from visit;
      create table sheaf (id int primary key, visit_id int not null, cover_id int not null unique references cover);
      insert into sheaf select id, id, id from visit; grant select on picture, cover to :"app"`)
    const open = ["cover", "picture"].flatMap((name) =>
      ["WKC010", "WKC020"].map((code) => `${code} public.${name} leak`),
    )
    expect(await found("WKC010", "WKC020")).toEqual(open.sort())
    await run(`alter table picture enable row level security; alter table cover enable row level security;
      create policy p on picture using (split_part(path, '/', 1) = current_setting('app.branch', true));
      create policy p on cover using (id in (select id from visit));`)
    expect(await found("WKC010", "WKC020")).toEqual([])
  })
})
