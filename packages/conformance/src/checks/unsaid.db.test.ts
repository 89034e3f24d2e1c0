import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
const { run, verify } = useBaseSystem(db)

const setting = "(select nullif(current_setting('app.branch', true), '')::int)"

async function found(...only: string[]): Promise<string[]> {
  const { findings } = await verify(only)
  return findings.map(({ check, object, severity }) => `${check} ${object} ${severity}`).sort()
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
