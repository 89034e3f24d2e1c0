import { expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { TargetInput } from "../target/schema.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system
const setting = "nullif(current_setting('app.branch', true), '')::int"
const limit = { timeout: 240_000 }

const found = async (code: string, change: Partial<TargetInput> = {}): Promise<string[]> => {
  const { findings } = await system.verify([code], change)
  return findings
    .filter(({ severity }) => severity !== "hygiene")
    .map(({ object, severity }) => `${object} ${severity}`)
}

test("a trigger that ends what goes on still ends another branch's too", limit, async () => {
  const closing = (condition: string): string => `
    create or replace function close_stay() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      if upper_inf(new.during) then
        update stay s set during = daterange(lower(s.during), lower(new.during)) where s.resident = new.resident and upper_inf(s.during) and lower(s.during) < lower(new.during) ${condition};
      end if;
      return new;
    end $$;`
  await run(`create table stay (branch_id int not null references branch, resident int not null, during daterange not null, note text,
      exclude using gist (int4range(branch_id, branch_id, '[]') with &&, int4range(resident, resident, '[]') with &&, during with &&));
    insert into stay select b, n, '[2024-05-01,)', 'stay ' || md5(b || 's' || n) from generate_series(1, 2) b, generate_series(1, 2) n;
    alter table stay enable row level security; create policy own on stay using (branch_id = ${setting}); grant select, insert, update on stay to :"app";
    ${closing("")} create trigger close_stay before insert on stay for each row execute function close_stay();`)
  expect(await found("WKC049")).toEqual(["public.close_stay leak"])
  await run(closing("and s.branch_id = new.branch_id"))
  expect(await found("WKC049")).toEqual([])
})

test("an order that becomes SQL is given beside a word that finds a row", limit, async () => {
  const search = (order: string): string => `
    create or replace function search(query text, sort text default 'no') returns table (no int, words text) language plpgsql stable security definer set search_path = public, pg_temp as $$
    begin
      return query execute 'select l.no, l.words from letter l where l.branch_id = $1 and to_tsvector(''simple'', l.words) @@ websearch_to_tsquery(''simple'', $2) order by ' || ${order}
        using ${setting}, query;
    end $$;`
  await run(`create table letter (branch_id int not null references branch, no int not null, words text not null, primary key (branch_id, no));
    insert into letter select b, n, 'letter about ' || md5(b || 'w' || n) from generate_series(1, 2) b, generate_series(1, 2) n;
    alter table letter enable row level security; create policy own on letter using (branch_id = ${setting}); grant select on letter to :"app"; ${search("sort")}`)
  expect(await found("WKC041")).toEqual(["public.search leak"])
  await run(search("case when sort in ('no', 'words') then sort else 'no' end"))
  expect(await found("WKC041")).toEqual([])
})

test("whoever may name oneself as whom another branch lets in, lets oneself in", limit, async () => {
  const me = "nullif(current_setting('app.person', true), '')::uuid"
  const entered = (condition: string): string =>
    `drop policy if exists entered on access; create policy entered on access for insert with check (${condition});`
  const people = ["0c9d3f6e-28c7-4c0e-9b0e-5f7f0a5b7a01", "0c9d3f6e-28c7-4c0e-9b0e-5f7f0a5b7a02"]
  await run(`create table member (branch_id int not null references branch, person uuid not null, primary key (branch_id, person));
    create table access (branch_id int not null references branch, agent uuid not null, until timestamptz not null, reason text not null, primary key (branch_id, agent, until));
    create table note (branch_id int not null references branch, no int not null, body text not null, primary key (branch_id, no));
    insert into member values (1, '${people[0]}'), (2, '${people[1]}');
    insert into access select b, gen_random_uuid(), '2025-01-01', 'an import' from generate_series(1, 2) b;
    insert into note select b, n, 'note ' || md5(b || 'i' || n) from generate_series(1, 2) b, generate_series(1, 2) n;
    create function mine() returns setof int language sql stable security definer set search_path = public, pg_temp as $$select branch_id from member where person = ${me}$$;
    create function reachable() returns setof int language sql stable security definer set search_path = public, pg_temp as
      $$select mine() union select branch_id from access where agent = ${me} and until > now()$$;
    alter table access enable row level security; alter table note enable row level security; create policy own on note using (branch_id in (select reachable()));
    create policy seen on access for select using (agent = ${me} or branch_id in (select mine()));
    ${entered(`agent = ${me} or branch_id in (select mine())`)} grant select on note, access to :"app"; grant insert on access to :"app";`)
  const tenants = people.map((person, at) => ({
    name: String(at + 1),
    key: String(at + 1),
    connect: { settings: { "app.person": person } },
  }))
  expect(await found("WKC071", { tenants })).toEqual(["public.access leak"])
  await run(entered("branch_id in (select mine())"))
  expect(await found("WKC071", { tenants })).toEqual([])
})

test("a short name that steps past another branch's tells that it is there", limit, async () => {
  const tenants: NonNullable<TargetInput["tenants"]> = []
  for (const key of ["1", "2"]) {
    const { user, password } = await db.cluster.login({ label: `branch${key}` })
    await run(`alter role "${user}" set app.branch = '${key}'; alter role "${user}" inherit; grant :"app" to "${user}"`)
    tenants.push({ name: key, key, connect: { user, password } })
  }
  const giving = (condition: string): string => `
    create or replace function give_slug() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
    declare base text := trim('-' from regexp_replace(lower(new.title), '[^a-z0-9]+', '-', 'g')); n int := 1;
    begin
      new.slug := base;
      while exists (select from form f where f.slug = new.slug ${condition}) loop n := n + 1; new.slug := base || '-' || n; end loop;
      return new;
    end $$;`
  await run(`create table form (branch_id int not null references branch, slug text not null, title text not null, body text not null, primary key (branch_id, slug));
    ${giving("")} create trigger give_slug before insert on form for each row execute function give_slug();
    insert into form (branch_id, title, body) values (1, 'Referral letter', 'Dear'), (2, 'Consent to a test', 'I agree'), (2, 'Referral note', 'Dear');
    alter table form enable row level security; create policy own on form using (branch_id = ${setting}); grant select on form to :"app"; grant insert (branch_id, title, body) on form to :"app";`)
  expect(await found("WKC047", { tenants })).toEqual(["public.form oracle"])
  await run(giving("and f.branch_id = new.branch_id"))
  expect(await found("WKC047", { tenants })).toEqual([])
})

test("a key is a branch's own where a column that is generated says whose", limit, async () => {
  await run(`create table event (branch_id int not null generated always as ((payload ->> 'branch')::int) stored references branch, stream text not null, seq int not null, payload jsonb not null,
      constraint event_key primary key (branch_id, stream, seq));
    insert into event (stream, seq, payload) select 'order ' || n, 1, jsonb_build_object('branch', b, 'words', md5(b || 'e' || n)) from generate_series(1, 2) b, generate_series(1, 3) n;
    alter table event enable row level security; create policy own on event using (branch_id = ${setting}); grant select, insert on event to :"app";`)
  expect(await found("WKC060")).toEqual([])
  await run(
    `update event set stream = stream || ' of ' || branch_id; alter table event drop constraint event_key, add constraint event_key primary key (stream, seq)`,
  )
  expect(await found("WKC060")).toEqual(["public.event oracle"])
})

test("a row for another branch takes words that a CHECK lists from its own", limit, async () => {
  await run(`create table eye (branch_id int not null references branch, side text not null check (side in ('R', 'L')), measured_on date not null check (measured_on < '2030-01-01'), seq int not null default 1,
      note text, primary key (branch_id, side, measured_on, seq));
    insert into eye select b, 'R', '2026-01-20', 1, 'glasses ' || md5(b::text) from generate_series(1, 2) b; alter table eye enable row level security;
    create policy own on eye for select using (branch_id = ${setting}); create policy added on eye for insert with check (true); grant select, insert on eye to :"app";`)
  const { findings } = await system.verify(["WKC022"])
  expect(findings.filter(({ object }) => object === "public.eye").map(({ evidence }) => evidence)).toEqual([
    expect.stringMatching(/^INSERT 0 1/),
  ])
})
