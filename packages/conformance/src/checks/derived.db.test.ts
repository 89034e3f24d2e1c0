import { expect, test } from "vitest"
import { twoPlaces, useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

async function found(check: string, change?: Parameters<typeof system.verify>[1]): Promise<string[]> {
  const { findings } = await system.verify([check], change)
  return findings
    .filter((one) => one.check === check && one.verdict === "LEAK")
    .map(({ object, severity }) => `${object} ${severity}`)
    .sort()
}

const own = "nullif(current_setting('app.branch', true), '')::int"
const definer = "stable security definer set search_path = public, pg_temp"

test("a function that is told in which schema to read is told the victim's, whatever the argument is called", async () => {
  const listing = (guard: string): string => `create or replace function recalls(clinic text) returns setof text
    language plpgsql ${definer} as $$begin ${guard} return query execute format('select word from %I.letter', clinic); end$$;`
  await run(`${twoPlaces.sql} ${listing("")}`)
  const target = twoPlaces.target("app.place")
  const change = { ...target, schemas: [...target.schemas, "public"] }
  expect(await found("WKC041", change)).toEqual(["public.recalls leak"])
  await run(
    listing("if clinic <> 'place_' || current_setting('app.place') then raise exception 'not your place'; end if;"),
  )
  expect(await found("WKC041", change)).toEqual([])
})

test("a short code that counts on from one's own is guessed, and one made with a secret is not", async () => {
  const opened = (
    condition: string,
  ): string => `create or replace function by_slip(code text) returns setof text language sql ${definer} as
    $$select finding from result where ${condition}$$;`
  await run(`create table result (branch_id int not null, slip bigint not null, finding text not null, primary key (branch_id, slip));
    insert into result values (1, 4096, 'a finding of one'), (2, 4097, 'a finding of two');
    alter table result enable row level security; ${opened("to_hex(slip) = lower(code)")}`)
  expect(await found("WKC041")).toEqual(["public.by_slip leak"])
  await run(opened("lpad(slip::text, 8, '0') = code"))
  expect(await found("WKC041")).toEqual(["public.by_slip leak"])
  await run(opened(`to_hex(slip) = lower(code) and branch_id = ${own}`))
  expect(await found("WKC041")).toEqual([])
  await run(opened("md5('only the laboratory knows' || slip) = code"))
  expect(await found("WKC041")).toEqual([])
  // A function that gives a text and one that takes a text are no way from one to the other by that alone.
  await run(`create function tidied(code text) returns text language sql ${definer} as $$select lower(code)$$`)
  const { checks } = await system.verify(["WKC110"])
  expect(checks.map(({ verdict }) => verdict)).toEqual(["NOT_APPLICABLE"])
  // A ticket that is written down opens with what reads it in the next statement; a code that was handed to one person gives it to that one.
  const ticket = (argument: string, column: string): string => `drop function if exists ticket(text);
    create function ticket(${argument} text) returns uuid language sql security definer set search_path = public, pg_temp as
    $$insert into ticket_for select 'read', r.branch_id, r.slip from result r where r.${column} = $1 returning no$$;`
  await run(`create table ticket_for (what text, branch_id int, slip bigint, no uuid default gen_random_uuid());
    alter table result add column title text, add column code text; alter table ticket_for enable row level security;
    update result set title = 'result number ' || slip, code = md5('drawn' || slip);
    create function by_ticket(no uuid) returns setof text language sql ${definer} as
    $$select r.finding from result r join ticket_for t using (branch_id, slip) where t.no = $1$$; ${ticket("title", "title")}`)
  expect(await found("WKC110")).toEqual(["public.ticket leak"])
  await run(ticket("code", "code"))
  expect(await found("WKC110")).toEqual([])
})

test("a row whose tenant a trigger takes from a value in it is written into another tenant's", async () => {
  const stamped = (where: string): string => `create or replace function stamp() returns trigger language plpgsql
    security definer set search_path = public, pg_temp as
    $$begin select d.branch_id into new.branch_id from doctor d where d.reg = new.doctor ${where}; return new; end$$;`
  await run(`create table doctor (branch_id int not null, reg text not null, primary key (branch_id, reg));
    create table booking (branch_id int not null, doctor text not null, at timestamptz not null, who text, primary key (branch_id, doctor, at));
    insert into doctor values (1, 'K-100'), (2, 'T-200');
    insert into booking values (1, 'K-100', '2026-05-01', 'a'), (2, 'T-200', '2026-05-01', 'b');
    alter table booking enable row level security;
    create policy seen on booking for select using (branch_id = ${own}); create policy stamped on booking for insert with check (true);
    grant select, insert on booking to :"app"; ${stamped("")}
    create trigger stamp before insert on booking for each row execute function stamp();`)
  expect(await found("WKC022")).toEqual(["public.booking leak"])
  await run(stamped(`and d.branch_id = ${own}`))
  expect(await found("WKC022")).toEqual([])
  // Shown to the victim as well, and still the attacker's own.
  await run(`create table sharing (branch_id int not null, no int not null, seen_by int not null, primary key (branch_id, no));
    insert into sharing values (1, 1, 1), (2, 1, 2); alter table sharing enable row level security;
    create policy seen on sharing for select using (${own} in (branch_id, seen_by)); create policy own on sharing for insert with check (branch_id = ${own});
    grant select, insert on sharing to :"app"; create function noted() returns trigger language plpgsql as $$begin return new; end$$;
    create trigger noted before insert on sharing for each row execute function noted();`)
  expect(await found("WKC022")).toEqual([])
})

test("what skips over others' rows answers another thing once they are gone", async () => {
  const free = (
    where: string,
  ): string => `create or replace function next_free(asked text) returns int language sql ${definer} as
    $$select min(h) from generate_series(9, 17) h where not exists (select from slot s where s.doctor = asked and s.hour = h ${where})$$;`
  await run(`create table slot (branch_id int not null, doctor text not null, hour int not null check (hour between 9 and 17), primary key (branch_id, doctor, hour));
    insert into slot values (1, 'dr-rao', 9), (2, 'dr-rao', 10), (2, 'dr-rao', 11);
    alter table slot enable row level security; create policy p on slot using (branch_id = ${own});
    grant select, insert, delete on slot to :"app"; ${free("")}`)
  expect(await found("WKC041")).toEqual(["public.next_free oracle"])
  await run(free(`and s.branch_id = ${own}`))
  expect(await found("WKC041")).toEqual([])
  // One of many is meant for the attacker, and stands behind those that are read.
  await run(`create table transfer (branch_id int not null, no int not null, receiver int not null, primary key (branch_id, no));
    insert into transfer select b, n, case when n = 30 then 3 - b else 3 end from generate_series(1, 2) b, generate_series(1, 30) n;
    alter table transfer enable row level security; create policy p on transfer using (branch_id = ${own});
    grant select, insert, delete on transfer to :"app";
    create function awaited() returns bigint language sql ${definer} as $$select count(*) from transfer where receiver = ${own}$$;`)
  expect(await found("WKC041")).toEqual([])
})

test("a function's own words, and the server's, are no row's, whoever has them in one", async () => {
  const says = (what: string): string => `create or replace function says() returns text language plpgsql ${definer} as
    $$begin raise exception '%', ${what} using hint = 'The connection is destroyed.'; end$$;`
  await run(`update visit set note = 'changed' where branch_id = 1; update visit set note = 'denied' where branch_id = 2;
    create table closed (id int); ${says("'the state was changed'")}
    create function asks() returns text language plpgsql as $$begin return public.says(); end$$;
    create function states() returns text language sql as $$select 'changed'$$;
    create function opens() returns bigint language sql as $$select count(*) from closed$$;`)
  expect(await found("WKC041")).toEqual([])
  await run(says("(select note from visit where branch_id = 1 limit 1)"))
  expect(await found("WKC041")).toEqual(["public.asks leak", "public.says leak"])
  await run(`create view states_of as select branch_id, case when id > 0 then 'changed' else 'new' end as state from visit where branch_id = ${own};
    grant select on states_of to :"app"`)
  expect(await found("WKC040")).toEqual([])
  await run(
    "create or replace view states_of as select branch_id, coalesce(note, 'new') as state from visit where branch_id < 9",
  )
  expect(await found("WKC040")).toEqual(["public.states_of leak"])
})

test("a published sum over one row is that row's, and over several nobody's", async () => {
  const published = (having: string): string => `drop materialized view if exists by_district;
    create materialized view by_district as select disease, district, count(*) as n, min(born) as youngest from enrolment group by 1, 2 ${having};
    grant select on by_district to :"app";`
  await run(`create table enrolment (branch_id int not null, no int not null, disease text not null, district text not null, born int not null, primary key (branch_id, no));
    insert into enrolment values (1, 1, 'E84', 'Salem', 2011), (2, 1, 'E75', 'Theni', 2017), (2, 2, 'E84', 'Salem', 2013), (2, 3, 'E84', 'Salem', 2014);
    alter table enrolment enable row level security; create policy p on enrolment using (branch_id = ${own});
    grant select, insert on enrolment to :"app"; ${published("")}`)
  expect(await found("WKC040")).toEqual(["public.by_district oracle"])
  await run(published("having count(*) >= 3"))
  expect(await found("WKC040")).toEqual([])
  // A word that the view says in every row is its own, also where the row's is the same. The count of a group of one tenant's is that tenant's.
  const marked = (state: string): string => `drop materialized view by_district;
    create materialized view by_district as select disease, district, ${state} as stage from enrolment group by 1, 2;
    grant select on by_district to :"app";`
  await run(`alter table enrolment add column state text not null default 'enrolled'; ${marked("'enrolled'")}`)
  expect(await found("WKC040")).toEqual([])
  await run(marked("min(state)"))
  expect(await found("WKC040")).toEqual(["public.by_district oracle"])
  // Where there is one group, every group says whatever it says.
  const alone = (state: string): string => `drop materialized view by_district;
    create materialized view by_district as select disease, district, count(*) as n, ${state} as stage, count(*) filter (where state = 'enrolled') as known
      from enrolment where disease = 'E75' group by 1, 2; grant select on by_district to :"app";`
  await run(alone("'enrolled'"))
  expect(await found("WKC040")).toEqual([])
  await run(alone("min(state)"))
  expect(await found("WKC040")).toEqual(["public.by_district oracle"])
})

test("a word that a trigger itself writes into a table without a tenant is no row's, and a row's is", async () => {
  const keeping = (
    words: string,
  ): string => `create or replace function keeps() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as
    $$begin insert into public.happened (what, kind) values (${words}, 'a visit'); return null; end$$;`
  await run(`create table happened (id int generated always as identity, what text not null, kind text not null); grant select on happened to :"app";
    ${keeping("'note changed'")} create trigger keeps after update on visit for each row execute function keeps();
    update visit set note = 'note changed' where id = (select min(id) from visit where branch_id = 2); update visit set note = note where branch_id = 2`)
  expect(await found("WKC042")).toEqual([])
  await run(`${keeping("new.note")} update visit set note = note where branch_id = 2`)
  expect(await found("WKC042")).toEqual(["public.happened leak"])
})

test("an order that nobody works off is no proof, and one that is worked off by what a function calls is", async () => {
  const working = (
    state: string,
    whose: string,
  ): string => `create or replace function name_of(id int, branch int) returns text language sql as
    $$select p.name from public.patient p where p.id = $1 ${whose}$$;
    create or replace function write_letters() returns int language sql security definer set search_path = pg_catalog, pg_temp as
    $$with written as (update public.letter l set words = 'Dear ' || public.name_of(l.patient_id, l.branch_id), state = 'sent'
      where l.branch_id = ${own} and l.state = '${state}' returning 1) select count(*)::int from written$$;`
  const verdict = async (): Promise<string[]> =>
    (await system.verify(["WKC109"])).checks.map(({ verdict: said }) => said)
  await run(`create table letter (branch_id int not null, no uuid not null default gen_random_uuid(), patient_id int not null, state text not null, words text, primary key (branch_id, no));
    alter table letter enable row level security; create policy p on letter using (branch_id = ${own});
    insert into letter (branch_id, patient_id, state, words) select branch_id, id, 'sent', 'Dear ' || name from patient;
    grant select, insert on letter to :"app"; ${working("new", "")}`)
  // What is copied from a letter of one's own is sent already.
  expect(await verdict()).toEqual(["NOT_APPLICABLE"])
  await run("alter table letter alter column state set default 'new'")
  expect(await found("WKC109")).toEqual(["public.write_letters leak"])
  await run(working("new", "and p.branch_id = $2"))
  expect(await verdict()).toEqual(["NOT_FOUND"])
})

test("numbers of which no other tenant's could be written in between are not known to be one's own", async () => {
  const verdict = async (change?: Parameters<typeof system.verify>[1]): Promise<string[]> =>
    (await system.verify(["WKC108"], change)).checks.map(({ verdict: said }) => said)
  await run(`create sequence numbers_1; create sequence numbers_2;
    create function number_of(branch text) returns bigint language sql as $$select nextval('public.numbers_' || branch)$$;
    create table token (branch_id int not null, token bigint generated by default as identity, patient text not null, primary key (branch_id, token));
    insert into token (branch_id, patient) values (1, 'Arasi'), (2, 'Bhavna');
    create function refuses() returns trigger language plpgsql as $$begin if new.branch_id = 2 then raise exception 'closed'; end if; return new; end$$;
    create trigger refuses before insert on token for each row execute function refuses();
    alter table token enable row level security; create policy p on token using (branch_id = ${own}); grant select, insert on token to :"app"`)
  expect(await verdict()).toEqual(["NOT_APPLICABLE"])
  // A counter of each branch's own, also where the column has the identity still.
  await run(`create or replace function refuses() returns trigger language plpgsql security definer as
    $$begin new.token := public.number_of(new.branch_id::text) + 100; return new; end$$`)
  expect(await verdict()).toEqual(["NOT_FOUND"])
})

test("a setting that the context itself says is no pass that a person hands in", async () => {
  await run(
    "create policy passed on visit for select using (id = nullif(current_setting('app.visit_pass', true), '')::int)",
  )
  expect(await found("WKC111")).toEqual(["public.visit leak"])
  const tenants = ["1", "2"].map((key) => ({
    name: key,
    key,
    connect: { settings: { "app.branch": key }, statements: ["select set_config('app.visit_pass', '0', true)"] },
  }))
  expect(await found("WKC111", { tenants })).toEqual([])
})
