import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { TargetInput } from "../target/schema.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const leaks = async (code: string, change: Partial<TargetInput> = {}): Promise<string[]> =>
  (await system.verify([code], change)).findings
    .filter(({ severity }) => severity === "leak")
    .map(({ object }) => object)
    .sort()

const states = `
  create type state as enum ('open', 'closed');
  alter table visit add column state state not null default 'open',
    add column flag boolean not null default true, add column mood text not null default 'calm' check (mood in ('calm', 'it''s bad'));
  update visit set state = 'closed', mood = 'it''s bad' where id % 3 > 0;`
const definer = "language plpgsql stable security definer set search_path = pg_catalog, pg_temp as"

describe("a function that is asked with a word from a list", () => {
  test("is asked with the labels of an enum, the words of a CHECK, and the fields of a composite", {
    timeout: 120_000,
  }, async () => {
    await run(`${states}
      create type filter as (state state, patient int);
      create function by_state(s state) returns setof text ${definer}
        $$begin return query select note from public.visit v where v.state = s; end$$;
      create function by_mood(p_mood text) returns setof text ${definer}
        $$begin return query select note from public.visit v where v.mood = p_mood; end$$;
      create function by_filter(f filter) returns setof text ${definer}
        $$begin return query select note from public.visit v where v.state = f.state and v.patient_id = f.patient; end$$;
      create function own_by_state(s state) returns setof text ${definer}
        $$begin return query select note from public.visit v where v.state = s
          and v.branch_id = nullif(current_setting('app.branch', true), '')::int; end$$;`)
    expect(await leaks("WKC041")).toEqual(["public.by_filter", "public.by_mood", "public.by_state"])
  })
})

test("a row like one's own is made for another tenant, and seen without the column that nobody may read", {
  timeout: 120_000,
}, async () => {
  const inviting = (asked: string): string => `
    create or replace function invite(p_branch_id int, p_duty text, p_email text) returns void
      language plpgsql security definer set search_path = public, pg_temp as $$begin
        if not exists (select from crew c where c.duty = 'manager' and ${asked}) then raise exception 'managers only'; end if;
        if p_duty = 'manager' then raise exception 'managers are appointed'; end if;
        insert into invitation (branch_id, duty, email) values (p_branch_id, p_duty, p_email);
      end$$;`
  await run(`create table duty (code text primary key); insert into duty values ('manager'), ('dentist');
    create table crew (branch_id int primary key references branch, duty text not null references duty);
    insert into crew select g, 'manager' from generate_series(1, 2) g;
    create table invitation (id bigint generated always as identity primary key, branch_id int not null references branch,
      duty text not null references duty, email text not null, code uuid not null default gen_random_uuid());
    insert into invitation (branch_id, duty, email) select g, 'dentist', 'new' || g || '@example.org' from generate_series(1, 2) g;
    alter table crew enable row level security; alter table invitation enable row level security;
    create policy p on crew using (branch_id = nullif(current_setting('app.branch', true), '')::int);
    create policy p on invitation using (branch_id = nullif(current_setting('app.branch', true), '')::int);
    grant select on crew, duty to :"app"; grant select (id, branch_id, duty, email) on invitation to :"app";
    ${inviting("c.branch_id = nullif(current_setting('app.branch', true), '')::int")}`)
  const global = ["public.drug", "public.branch", "public.duty"]
  expect(await leaks("WKC041", { global })).toEqual(["public.invite"])
  await run(
    inviting("c.branch_id = nullif(current_setting('app.branch', true), '')::int and c.branch_id = p_branch_id"),
  )
  expect(await leaks("WKC041", { global })).toEqual([])
})

describe("a trigger that acts on a change", () => {
  test.each([
    ["state", "when (old.state is distinct from new.state)", ""],
    ["mood", "", "if old.mood is not distinct from new.mood then return null; end if;"],
    ["flag", "when (old.flag is distinct from new.flag)", ""],
    ["note", "when (old.note is distinct from new.note)", ""],
  ])("of %s is met: %s %s", { timeout: 120_000 }, async (column, condition, guard) => {
    const spoiling = (where: string): string => `drop trigger if exists spoil on visit;
      create or replace function spoil() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as
        $$begin ${guard} update public.patient set name = 'changed' where ${where}; return null; end$$;
      create trigger spoil after update of ${column} on visit for each row ${condition} execute function spoil();`
    await run(states + spoiling("branch_id <> new.branch_id"))
    expect(await leaks("WKC049")).toEqual(["public.spoil"])
    await run(spoiling("id = new.patient_id and branch_id = new.branch_id"))
    expect(await leaks("WKC049")).toEqual([])
  })
})

describe("a word that two tenants have", () => {
  const practice = (
    key: number,
  ): string => `create schema practice_${key}; grant usage on schema practice_${key} to :"app";
    create table practice_${key}.letter (id int primary key, branch_id int not null default ${key}, body text not null);
    insert into practice_${key}.letter (id, body) values (1, 'Call the laboratory'), (2, 'of practice ' || md5('${key}'));
    alter table practice_${key}.letter enable row level security, force row level security;
    create policy p on practice_${key}.letter using (branch_id = nullif(current_setting('app.branch', true), '')::int);
    create view practice_${key}.board as select body from practice_${key}.letter where id = 1;
    grant select on practice_${key}.board to :"app";`
  const schemas = ["public", "practice_1", "practice_2"]

  test("is none of one's own because its rows are in a schema of their own", { timeout: 120_000 }, async () => {
    await run(`${practice(1)} ${practice(2)}`)
    expect(await leaks("WKC040", { schemas })).toEqual([])
    await run(`create or replace view practice_1.board as select body from practice_2.letter where id = 2`)
    expect(await leaks("WKC040", { schemas })).toEqual(["practice_1.board"])
  })
})
