import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Report } from "../report/report.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const open = ({ findings, verdict }: Report): string[] => [
  verdict,
  ...findings.map((finding) => `${finding.object} ${finding.verdict} ${finding.severity}`),
]
const setting = "(select nullif(current_setting('app.branch', true), '')::int)"
const third = `insert into branch values (3, 'Tambaram');
  insert into patient (branch_id, mrn, name) values (3, 'M77', 'name ' || md5('77'));
  insert into visit (branch_id, patient_id) select 3, id from patient where branch_id = 3;`

describe("rows of a tenant that the target does not name", () => {
  test("are a question where one tenant is shown them", { timeout: 120_000 }, async () => {
    await run(`${third} create policy wrong on visit using (branch_id = 3 and ${setting} = 1)`)
    expect(open(await system.verify(["WKC020"]))).toEqual(["INCONCLUSIVE", "public.visit INCONCLUSIVE leak"])
    await run("drop policy wrong on visit")
    expect(open(await system.verify(["WKC020"]))).toEqual(["NOT_FOUND"])
  })

  test("are none where its context names them, or all are shown them, which is said", {
    timeout: 120_000,
  }, async () => {
    await run(`${third} drop policy p on visit;
      create policy p on visit using (branch_id = any (string_to_array(nullif(current_setting('app.branch', true), ''), ',')::int[]))`)
    const tenant = (key: string, all: string) => ({ name: key, key, connect: { settings: { "app.branch": all } } })
    const tenants = [tenant("1", "1,3"), tenant("2", "2")]
    await run(
      `drop policy p on patient; create policy p on patient using (branch_id = any (string_to_array(nullif(current_setting('app.branch', true), ''), ',')::int[]))`,
    )
    expect(open(await system.verify(["WKC020"], { tenants }))).toEqual(["NOT_FOUND"])
    await run("create policy shared on visit for select using (branch_id = 3)")
    const report = await system.verify(["WKC020"])
    expect(open(report)).toEqual(["NOT_FOUND"])
    expect(report.notCovered.join("\n")).toContain("shown to every tenant; name two of those: public.visit")
  })
})

describe("a question about rows of a tenant that the target does not name", () => {
  test("gives way to a leak that comes after it", { timeout: 120_000 }, async () => {
    await run(`${third} create policy wrong on visit using (branch_id in (1, 3) and ${setting} = 2)`)
    const report = await system.verify(["WKC020"])
    expect(report.verdict).toBe("LEAK")
    expect(open(report)).toContain("public.visit LEAK leak")
    expect(open(report).join()).not.toContain("INCONCLUSIVE")
  })

  test("stays one where row-level security is off and nobody else has rows", { timeout: 120_000 }, async () => {
    await run(`${third} create table note (branch_id int not null references branch, words text);
      insert into note values (3, 'words'); grant select on note to :"app"`)
    expect(open(await system.verify(["WKC010", "WKC020"]))).toEqual(["INCONCLUSIVE", "public.note INCONCLUSIVE leak"])
  })

  test("is asked where each tenant is shown another one's", { timeout: 120_000 }, async () => {
    await run(`${third} insert into branch values (4, 'Guindy');
      insert into patient (branch_id, mrn, name) values (4, 'M88', 'name ' || md5('88'));
      insert into visit (branch_id, patient_id) select 4, id from patient where branch_id = 4;
      create policy wrong on visit using (branch_id = ${setting} + 2)`)
    expect(open(await system.verify(["WKC020"]))).toEqual(["INCONCLUSIVE", "public.visit INCONCLUSIVE leak"])
  })

  test("is asked where a key only begins like its own, and not where it is a path below it", {
    timeout: 120_000,
  }, async () => {
    const own = "current_setting('app.branch', true)"
    await run(`create table place (branch_id text not null, words text);
      insert into place values ('1', 'a'), ('2', 'b'), ('1/3', 'c'), ('10', 'd');
      alter table place enable row level security, force row level security;
      create policy p on place using (branch_id = ${own} or branch_id like ${own} || '/%');
      grant select on place to :"app";`)
    expect(open(await system.verify(["WKC020"]))).toEqual(["NOT_FOUND"])
    await run(`drop policy p on place; create policy p on place using (starts_with(branch_id, ${own}))`)
    expect(open(await system.verify(["WKC020"]))).toEqual(["INCONCLUSIVE", "public.place INCONCLUSIVE leak"])
  })
})

describe("a table that belongs to tenants by links", () => {
  const people = `
    create table person (id int primary key, words text not null);
    create table person_branch (branch_id int not null references branch, person_id int not null references person, primary key (branch_id, person_id));
    insert into person select g, 'person ' || md5('p' || g) from generate_series(1, 4) g;
    insert into person_branch values (1, 1), (2, 2), (1, 3), (2, 3);
    alter table person enable row level security, force row level security;
    alter table person_branch enable row level security, force row level security;
    create policy p on person_branch using (branch_id = ${setting});
    grant select on person, person_branch to :"app";`

  test("is a question where a row is shown to whom no link leads, and none where the link decides or it is global", {
    timeout: 120_000,
  }, async () => {
    await run(`${people} create policy p on person using (true)`)
    const global = ["public.drug", "public.branch"]
    expect(open(await system.verify(["WKC020"]))).toEqual(["INCONCLUSIVE", "public.person INCONCLUSIVE leak"])
    expect(open(await system.verify(["WKC020"], { global: [...global, "public.person"] }))).toEqual(["NOT_FOUND"])
    await run(
      "drop policy p on person; create policy p on person using (exists (select from person_branch l where l.person_id = person.id))",
    )
    expect(open(await system.verify(["WKC020"]))).toEqual(["NOT_FOUND"])
  })
})
