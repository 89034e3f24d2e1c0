import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { urlFor, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { Report } from "../report/report.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const ofCheck = ({ checks }: Report, code: string) => checks.find(({ check }) => check === code)
const readOnly = `revoke insert, update, delete on patient, visit, visit_line from :"app";`

describe("a login that may write nothing", () => {
  test("is told which grant the views and functions that count would need", { timeout: 120_000 }, async () => {
    await run(`${readOnly}
      create view total as select count(*) as n from patient; grant select on total to :"app";
      create function everybody() returns bigint language sql stable security definer set search_path = pg_catalog, pg_temp as
        $$select count(*) from public.patient$$;`)
    const report = await system.verify(["WKC040", "WKC041"])
    expect(report.verdict).toBe("INCONCLUSIVE")
    expect(ofCheck(report, "WKC040")?.reason).toContain("public.total")
    expect(ofCheck(report, "WKC041")?.reason).toContain("everybody()")
    const said = report.notCovered.filter((line) => line.includes(`grant insert, or update, to ${system.app.user}`))
    expect(said.map((line) => line.slice(0, 6))).toEqual(["WKC040", "WKC041"])
    for (const line of said) expect(line).toContain("public.patient")
    for (const line of said) expect(line).not.toContain("public.visit")
  })

  test("is told so of a table whose trigger copies, and has no row of the victim's", { timeout: 120_000 }, async () => {
    await run(`${readOnly}
      delete from visit_line; create table outbox (words text); insert into outbox values ('to do'); grant select on outbox to :"app";
      create function copy() returns trigger language plpgsql security definer as
        $$begin insert into public.outbox values (new.words); return new; end$$;
      create trigger copy before insert on visit_line for each row execute function copy();`)
    const check = ofCheck(await system.verify(["WKC042"]), "WKC042")
    expect(check).toMatchObject({ verdict: "INCONCLUSIVE", reason: expect.stringContaining("public.visit_line") })
    expect(check?.reason).toContain("grant insert, or update")
  })

  test("offers no row, and that is said by table, or of all", { timeout: 120_000 }, async () => {
    await run(`revoke insert on visit from :"app"`)
    const one = await system.verify(["WKC022"])
    expect(one.verdict).toBe("NOT_FOUND")
    expect(one.notCovered.join("\n")).toMatch(
      /WKC022: no row was offered, because \S+ may not insert there.*: public\.visit\./,
    )
    await run(readOnly)
    const none = ofCheck(await system.verify(["WKC022"]), "WKC022")
    expect(none).toMatchObject({ verdict: "NOT_APPLICABLE", reason: expect.stringContaining("grant INSERT") })
  })
})

describe("a login without a privilege on any table", () => {
  const shut = ["WKC020", "WKC027", "WKC028", "WKC029", "WKC030", "WKC031", "WKC043", "WKC106"]
  const closed = `revoke all on patient, visit, visit_line from :"app";`
  const verdicts = async (): Promise<string[]> => {
    const { verdict, checks } = await system.verify(shut)
    return [verdict, ...checks.map((check) => check.verdict)]
  }

  test("is refused by them in every context, which shows something where a function serves it", {
    timeout: 120_000,
  }, async () => {
    await run(closed)
    expect(await verdicts()).toEqual(["INCONCLUSIVE", ...shut.map(() => "INCONCLUSIVE")])
    // Served, and shown nothing that is its own alone: its context may be the wrong one.
    await run("create function ping() returns int language sql stable as 'select 1'")
    expect((await verdicts())[0]).toBe("INCONCLUSIVE")
    // A word of its own that the function says by itself shows no row.
    await run(`update visit set note = case branch_id when 1 then 'changed' else 'altered' end;
      create function says() returns text language sql stable as $$select 'changed or altered'$$`)
    expect((await verdicts())[0]).toBe("INCONCLUSIVE")
    await run(`create function mine() returns setof text language sql stable security definer set search_path = pg_catalog, pg_temp as
      $$select name from public.patient where branch_id = nullif(current_setting('app.branch', true), '')::int$$;`)
    expect(await verdicts()).toEqual(["NOT_FOUND", ...shut.map(() => "NOT_FOUND")])
  })

  test("is asked for its own by functions that refuse all that is another's", async () => {
    const answering = (
      own: string,
    ): string => `create or replace function named(id int) returns text language plpgsql stable
      security definer set search_path = pg_catalog, pg_temp as $$declare v text; begin
        select p.name into v from public.patient p where p.id = named.id and p.branch_id = ${own};
        if v is null then raise exception 'no such patient'; end if; return v; end$$;`
    await run(closed + answering("nullif(current_setting('app.branch', true), '')::int"))
    expect(ofCheck(await system.verify(["WKC041"]), "WKC041")?.verdict).toBe("NOT_FOUND")
    await run(answering("-1"))
    expect(ofCheck(await system.verify(["WKC041"]), "WKC041")?.verdict).toBe("INCONCLUSIVE")
  })

  test("a row that a trigger brings home was tried to be moved", async () => {
    await run(`create function home() returns trigger language plpgsql as
        $$begin new.branch_id := nullif(current_setting('app.branch', true), '')::int; return new; end$$;
      create trigger home before update on patient for each row execute function home();
      drop policy p on patient; create policy p on patient using (branch_id = nullif(current_setting('app.branch', true), '')::int) with check (true);
      revoke update on visit, visit_line from :"app"; alter table visit drop constraint visit_branch_id_patient_id_fkey;`)
    const report = await system.verify(["WKC025"])
    expect([report.findings, ofCheck(report, "WKC025")?.verdict]).toEqual([[], "NOT_FOUND"])
    await run("drop trigger home on patient")
    expect((await system.verify(["WKC025"])).findings.map(({ object }) => object)).toEqual(["public.patient"])
  })
})

test("a row with the day of one's own is offered where a day that is made up has no partition", async () => {
  await run(`create table study (branch_id int not null, taken date not null, accession text not null, primary key (branch_id, taken, accession)) partition by range (taken);
    create table study_2024 partition of study for values from ('2024-01-01') to ('2025-01-01');
    insert into study values (1, '2024-03-01', 'A1'), (2, '2024-03-01', 'A1');
    alter table study enable row level security, force row level security;
    create policy p on study using (branch_id = nullif(current_setting('app.branch', true), '')::int);
    revoke all on patient, visit, visit_line from :"app"; grant select, insert on study to :"app";`)
  expect(ofCheck(await system.verify(["WKC022"]), "WKC022")?.verdict).toBe("NOT_FOUND")
  await run("alter policy p on study with check (true)")
  expect((await system.verify(["WKC022"])).findings.map(({ object }) => object)).toContain("public.study")
})

test("a row is moved through a view whose key it would meet, and is not where the view checks it", async () => {
  const viewed = (
    check: string,
  ): string => `create or replace view own_bill with (security_barrier) as select branch_id, no, paid from bill
    where branch_id = nullif(current_setting('app.branch', true), '')::int ${check};`
  await run(`revoke all on patient, visit, visit_line from :"app";
    create table bill (branch_id int not null, no int not null, paid boolean, primary key (branch_id, no)); insert into bill values (1, 1), (2, 1);
    ${viewed("")} grant select, update on own_bill to :"app"`)
  const moved = async () => {
    const report = await system.verify(["WKC025"])
    return [...report.findings.map(({ object }) => object), ofCheck(report, "WKC025")?.verdict, report.verdict]
  }
  expect(await moved()).toEqual(["public.own_bill", "LEAK", "LEAK"])
  await run(viewed("with cascaded check option"))
  expect(await moved()).toEqual(["NOT_FOUND", "NOT_FOUND"])
  // Brought home, and out of sight because of its number alone.
  await run(`drop view own_bill; create view own_bill with (security_barrier) as select branch_id, no, paid from bill
      where branch_id = nullif(current_setting('app.branch', true), '')::int and no < 100; grant select, update on own_bill to :"app";
    create function home() returns trigger language plpgsql as
      $$begin new.branch_id := nullif(current_setting('app.branch', true), '')::int; return new; end$$;
    create trigger home before update on bill for each row execute function home()`)
  expect(await moved()).toEqual(["NOT_FOUND", "NOT_FOUND"])
})

test("the replay of a view that counts looks, writes and looks again", { timeout: 120_000 }, async () => {
  await run(`create view total as select count(*) as n from patient; grant select on total to :"app"`)
  const { findings } = await system.verify(["WKC040"])
  const [finding] = findings
  expect(finding?.object).toBe("public.total")
  await withClient(urlFor(db.adminUrl, system.name, system.app), async (client) => {
    const results = [await client.query<{ n?: string }>(finding?.replay ?? "")].flat()
    const shown = results.flatMap(({ rows }) => rows.flatMap(({ n }) => n ?? []))
    expect(shown).toHaveLength(2)
    expect(shown[0]).not.toBe(shown[1])
  })
})
