import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

async function found(only: string, change?: Parameters<typeof system.verify>[1]): Promise<string[]> {
  const { findings } = await system.verify([only], change)
  return findings
    .filter(({ check, severity }) => check === only && severity !== "hygiene")
    .map(({ object, severity }) => `${object} ${severity}`)
    .sort()
}

const own = "nullif(current_setting('app.branch', true), '')::int"
const header = "stable security definer set search_path = public, pg_temp"

/** One function for each kind of argument that a key never has; `where` keeps to the tenant or does not. */
const asked = (where: string): string => `
  create or replace function by_rows(k row_key[]) returns setof text language sql ${header} as
    $$select p.name from patient p join unnest(k) x on x.id = p.id where ${where}$$;
  create or replace function in_days(a date, b date) returns setof text language sql ${header} as
    $$select p.name from patient p where p.seen between a and b and ${where}$$;
  create or replace function in_range(r daterange) returns setof text language sql ${header} as
    $$select p.name from patient p where p.seen <@ r and ${where}$$;
  create or replace function since(i interval) returns setof text language sql ${header} as
    $$select p.name from patient p where p.seen > now() - i and ${where}$$;
  create or replace function picked(variadic ids int[]) returns setof text language sql ${header} as
    $$select p.name from patient p where p.id = any (ids) and ${where}$$;
  create or replace function listed(j jsonb) returns setof text language sql ${header} as
    $$select p.name from patient p join jsonb_to_recordset(j) as r (id int) on r.id = p.id where ${where}$$;
  create or replace function opened(c refcursor) returns refcursor language plpgsql security definer set search_path = public, pg_temp as
    $$begin open c for select p.name from patient p where ${where}; return c; end$$;
  create or replace function sorted(by text) returns setof text language plpgsql ${header} as
    $$begin return query execute 'select p.name from patient p where p.branch_id = ${own.replaceAll("'", "''")} order by ' || ${where === "true" ? "by" : "quote_ident(by)"}; end$$;`

test("functions are asked by every kind of argument, and keep to the tenant once they compare it", {
  timeout: 120_000,
}, async () => {
  await run(`create type row_key as (branch_id int, id int);
    alter table patient add column seen date not null default '2026-02-03'; alter table patient no force row level security;
    ${asked("true")}`)
  expect(await found("WKC041")).toEqual(
    ["by_rows", "in_days", "in_range", "listed", "opened", "picked", "since", "sorted"].map(
      (name) => `public.${name} leak`,
    ),
  )
  await run(asked(`p.branch_id = ${own}`))
  expect(await found("WKC041")).toEqual([])
})

test("where tenants number alike, a function is asked about a row that was just written", {
  timeout: 120_000,
}, async () => {
  const told = (
    where: string,
  ): string => `create or replace function taken(bed_no int) returns boolean language sql ${header} as
    $$select exists (select from bed where no = bed_no and ${where})$$;
    create or replace function bed_or_error(bed_no int) returns boolean language plpgsql ${header} as
    $$begin if exists (select from bed where no = bed_no and ${where}) then return true; end if; return no_bed(); end$$;`
  await run(`create table bed (branch_id int not null, no int not null, note text, primary key (branch_id, no));
    insert into bed select b, g, 'bed ' || b || g from generate_series(1, 2) b, generate_series(1, 3) g;
    alter table bed enable row level security; create policy p on bed using (branch_id = ${own});
    create function no_bed() returns boolean language plpgsql as $$begin raise exception 'no such bed'; end$$;
    grant select, insert on bed to :"app"; ${told(`branch_id <> ${own}`)}`)
  expect(await found("WKC041")).toEqual(["public.bed_or_error oracle", "public.taken oracle"])
  await run(told(`branch_id = ${own}`))
  expect(await found("WKC041")).toEqual([])
})

test("a row for another tenant with the attacker as its guest is refused once the policy compares the owner", {
  timeout: 120_000,
}, async () => {
  await run(`create table delegation (branch_id int not null, guest int not null, primary key (branch_id, guest));
    insert into delegation values (1, 8), (2, 7);
    alter table delegation enable row level security, force row level security;
    create policy p on delegation using (guest = ${own} or branch_id = ${own});
    grant select, insert on delegation to :"app";`)
  expect(await found("WKC022")).toEqual(["public.delegation leak"])
  await run(`alter policy p on delegation with check (branch_id = ${own})`)
  expect(await found("WKC022")).toEqual([])
})

test("a copy without a tenant is everybody's, until it carries the tenant", { timeout: 120_000 }, async () => {
  const copying = (tenant: string): string => `create or replace function census() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as
    $$begin insert into census (branch_id, who) values (${tenant}, new.note); return new; end$$;`
  await run(`create table census (branch_id int, who text);
    alter table census enable row level security;
    create policy p on census for select using (branch_id is null or branch_id = ${own});
    grant select on census to :"app"; ${copying("null")}
    create trigger census after insert on visit for each row execute function census();`)
  expect(await found("WKC042")).toEqual(["public.census leak"])
  await run(copying("new.branch_id"))
  expect(await found("WKC042")).toEqual([])
})

test("a function that is called notifies with what it read, and with an id", { timeout: 120_000 }, async () => {
  const ringing = (what: string): string => `create or replace function ring(p int) returns void language plpgsql as
    $$declare v text; begin select ${what}::text into v from patient where mrn is not null and id = p;
      perform pg_notify('room_' || current_setting('app.branch'), json_build_object('name', v)::text); end$$;`
  await run(ringing("name"))
  expect(await found("WKC046")).toEqual(["public.ring leak"])
  await run(ringing("id"))
  expect(await found("WKC046")).toEqual([])
})

describe("a row of a list on which another tenant's row hangs", () => {
  /** Drug C is nobody's; with it as the default no deletion is refused. */
  const stocked = (onDelete: string): string => `insert into drug values ('C', 'none');
    create table stocked (branch_id int not null, id int not null, code text default 'C' references drug ${onDelete}, primary key (branch_id, id));
    alter table stocked enable row level security, force row level security; create policy p on stocked using (branch_id = ${own});
    grant select on stocked to :"app"; grant delete on drug to :"app"; insert into stocked values (1, 1, 'A'), (2, 1, 'B');`

  test.each([
    ["on delete cascade", "leak", "deleted with it"],
    ["on delete set null", "leak", "lose what they referred to"],
    ["on delete set default", "leak", "are changed"],
    ["on delete no action deferrable initially deferred", "oracle", "is refused the deletion"],
  ])("%s: %s", { timeout: 120_000 }, async (onDelete, severity, what) => {
    await run(stocked(onDelete))
    const { findings } = await system.verify(["WKC105"])
    expect(findings.map(({ object, severity }) => `${object} ${severity}`)).toEqual([`public.drug ${severity}`])
    const [{ message, replay } = { message: "", replay: "" }] = findings
    expect(message).toContain(what)
    // Undone by its end, a replay meets the refusal only where the key is not left for the commit.
    expect(replay.includes("set constraints all immediate")).toBe(severity === "oracle")
    await run('revoke delete on drug from :"app"')
    expect(await found("WKC105")).toEqual([])
  })

  test("of the list of tenants, only a row that is not that tenant's own", { timeout: 120_000 }, async () => {
    const asRoot = { global: ["public.drug"] }
    await run(`create table referral (branch_id int not null, id int not null, place int references branch on delete cascade, primary key (branch_id, id));
      insert into branch values (3, 'closed'); insert into referral values (1, 1, null), (2, 1, 2); grant delete on branch to :"app";
      alter table referral enable row level security, force row level security; create policy p on referral using (branch_id = ${own});
      grant select on referral to :"app";`)
    expect(await found("WKC105", asRoot)).toEqual([])
    await run("update referral set place = 3 where branch_id = 2")
    expect(await found("WKC105", asRoot)).toEqual(["public.branch leak"])
  })
})

test("a view of which one column may be read is read by that column", { timeout: 120_000 }, async () => {
  await run(
    `alter table patient no force row level security; create view book as select id, name from patient; grant select (name) on book to :"app";`,
  )
  expect(await found("WKC040")).toEqual(["public.book leak"])
  await run('revoke select (name) on book from :"app"')
  expect(await found("WKC040")).toEqual([])
})

test("a guard that takes a missing context for a tenant of its own is asked without one", {
  timeout: 120_000,
}, async () => {
  const guarded = (
    refused: string,
  ): string => `create or replace function chart(clinic int, patient int) returns setof text language plpgsql ${header} as
    $$begin
      if ${refused} then raise exception 'not of this branch'; end if;
      return query select p.name from patient p where p.branch_id = clinic and p.id = patient; end$$;`
  await run(`alter table patient no force row level security; ${guarded(`clinic <> ${own}`)}`)
  expect(await found("WKC041")).toEqual(["public.chart leak"])
  await run(guarded(`clinic is distinct from ${own}`))
  expect(await found("WKC041")).toEqual([])
})

test("a function that clears away what is old clears everybody's, until it keeps to the tenant", {
  timeout: 120_000,
}, async () => {
  const clearing = (where: string): string => `create or replace function purge_older_than(days int) returns int
    language sql volatile security definer set search_path = public, pg_temp as
    $$with gone as (delete from recording r where r.made < now() - make_interval(days => days) and ${where} returning 1)
      select count(*)::int from gone$$;`
  await run(`create table recording (branch_id int not null, id int not null, made timestamptz not null, word text, primary key (branch_id, id));
    insert into recording select b, g, now() - make_interval(days => 20 * g), 'recording ' || b || g from generate_series(1, 2) b, generate_series(1, 3) g;
    alter table recording enable row level security; create policy p on recording using (branch_id = ${own});
    grant select, insert on recording to :"app"; ${clearing("true")}`)
  expect(await found("WKC041")).toEqual(["public.purge_older_than leak"])
  await run(clearing(`r.branch_id = ${own}`))
  expect(await found("WKC041")).toEqual([])
})

test("a CHECK on the tenant's column keeps rows out as a policy does", { timeout: 120_000 }, async () => {
  await run(`create table tray (branch_id int not null, id int not null, primary key (branch_id, id));
    insert into tray values (1, 1), (2, 1); alter table tray enable row level security, force row level security;
    create policy p on tray using (branch_id = ${own}) with check (true); grant select, insert, update on tray to :"app";`)
  expect(await found("WKC022")).toEqual(["public.tray leak"])
  expect(await found("WKC025")).toEqual(["public.tray leak"])
  await run(`alter table tray add constraint ours check (branch_id = ${own}) not valid`)
  expect(await found("WKC022")).toEqual([])
  expect(await found("WKC025")).toEqual([])
})
