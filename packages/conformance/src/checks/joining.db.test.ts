import { describe, expect, test } from "vitest"
import { twoPlaces, useBaseSystem } from "#tests/fixture/base-system.ts"
import { urlFor, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import { callable, callText } from "../probe/routine.js"
import { openScene } from "../run/scene.js"
import { parseTarget } from "../target/parse.js"
import { askPlanted } from "./WKC041-function-reaches-other-tenant/planted-once.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system
const own = "(select nullif(current_setting('app.branch', true), '')::int)"

async function found(check: string, change?: Parameters<typeof system.verify>[1]): Promise<string[]> {
  const { findings } = await system.verify([check], change)
  return findings
    .filter((one) => one.check === check && one.verdict === "LEAK")
    .map(({ object, severity }) => `${object} ${severity}`)
    .sort()
}

/** How a row may say who else sees it. */
const carriers = [
  ["jsonb", `readers ? ${own}::text`],
  ["hstore", `readers ? ${own}::text`],
  ["int[]", `${own} = any (readers)`],
  ["int", `readers = ${own}`],
  ["text", `strpos(readers, ',' || ${own} || ',') > 0`],
  ["xml", `xpath_exists('//tenant', readers) and (xpath('//tenant/text()', readers))[1]::text = ${own}::text`],
] as const

test("a list of readers that anybody may write is joined, whatever its form", { timeout: 60_000 }, async () => {
  const table = ([type, names]: (typeof carriers)[number], at: number): string => `
    create table paper${at} (branch_id int not null, id int not null, readers ${type}, primary key (branch_id, id));
    insert into paper${at} (branch_id, id) values (1, 1), (2, 1);
    alter table paper${at} enable row level security, force row level security;
    create policy own on paper${at} for select using (branch_id = ${own}); create policy listed on paper${at} for select using (${names});
    create policy listing on paper${at} for update using (true) with check (${names});
    grant select on paper${at} to :"app"; grant update (readers) on paper${at} to :"app";`
  await run(`create extension hstore; ${carriers.map(table).join("")}`)
  expect(await found("WKC023")).toEqual(carriers.map((_, at) => `public.paper${at} leak`))
  await run(carriers.map((_, at) => `alter policy listing on paper${at} using (branch_id = ${own});`).join(""))
  expect(await found("WKC023")).toEqual([])
})

test("rows that their tenant offers may be claimed by anybody, and those of which it says nothing may not", {
  timeout: 60_000,
}, async () => {
  await run(`create table sample (branch_id int not null, id int not null, offered boolean not null default false, lab int, primary key (branch_id, id));
    insert into sample values (1, 1, true), (2, 1, true), (1, 2, false), (2, 2, false);
    insert into sample select b, n, true from generate_series(1, 2) b, generate_series(3, 1200) n;
    alter table sample enable row level security, force row level security;
    create policy own on sample for select using (branch_id = ${own} or lab = ${own}); create policy made on sample for insert with check (branch_id = ${own});
    create policy claimed on sample for update using (offered and lab is null) with check (lab = ${own});
    grant select, insert on sample to :"app"; grant update (lab) on sample to :"app";`)
  const { findings, notCovered } = await system.verify(["WKC023"])
  expect(findings).toEqual([])
  expect(notCovered.join("\n")).toMatch(/WKC023: rows that their tenant has offered .*: public\.sample\./)
  await run("alter policy claimed on sample using (lab is null)")
  expect(await found("WKC023")).toEqual(["public.sample leak"])
  // A state comes by itself, and is no word to others: not known, and no pass.
  await run(`alter table sample add column state text not null default 'new'; update sample set state = 'drawn' where id < 9;
    alter policy claimed on sample using (state = 'drawn' and lab is null)`)
  const { checks } = await system.verify(["WKC023"])
  expect(checks.map(({ verdict }) => verdict)).toEqual(["INCONCLUSIVE"])
})

describe("the table that decides", () => {
  const documents = [
    ["json", (key: string) => `'{"branch":"${key}"}'`, "(says ->> 'branch')::int"],
    ["text", (key: string) => `'{"branch":"${key}"}'`, "(says::jsonb ->> 'branch')::int"],
    ["text", (key: string) => `'branch=${key};lang=ta'`, "substring(says from 'branch=(\\d+)')::int"],
    ["xml", (key: string) => `'<a><b>${key}</b></a>'`, "(xpath('/a/b/text()', says))[1]::text::int"],
    ["int[]", (key: string) => `'{${key},77}'`, "unnest(says)"],
  ] as const

  test("holds the tenant in a list or a document of any form", { timeout: 60_000 }, async () => {
    const table = ([type, value, read]: (typeof documents)[number], at: number): string => `
      create table acting${at} (branch_id int not null, person text not null, says ${type} not null, primary key (branch_id, person));
      insert into acting${at} values (1, 'a', ${value("1")}), (2, 'b', ${value("2")});
      create policy acts on acting${at} using (branch_id = ${own}); alter table acting${at} enable row level security, force row level security;
      create table paper${at} (branch_id int not null, id int not null, primary key (branch_id, id)); insert into paper${at} values (1, 1), (2, 1);
      alter table paper${at} enable row level security, force row level security;
      create policy p on paper${at} using (branch_id in (select ${read} from acting${at}));
      grant select on paper${at} to :"app"; grant select, update on acting${at} to :"app";`
    await run(documents.map(table).join(""))
    expect(await found("WKC071")).toEqual(documents.map((_, at) => `public.acting${at} leak`))
    await run(documents.map((_, at) => `revoke update on acting${at} from :"app";`).join(""))
    expect(await found("WKC071")).toEqual([])
  })

  test("opens every branch to whoever notes an emergency of its own", { timeout: 60_000 }, async () => {
    const people = {
      tenants: ["1", "2"].map((key) => ({
        name: key,
        key,
        connect: { settings: { "app.branch": key, "app.user": `u${key}` } },
      })),
    }
    await run(`create table emergency (branch_id int not null, person text not null, reason text not null check (length(reason) > 4), primary key (branch_id, person));
      insert into emergency values (2, 'somebody', 'unconscious');
      create policy noted on emergency using (branch_id = ${own} and person = current_setting('app.user', true));
      alter table emergency enable row level security, force row level security; grant select, insert on emergency to :"app";
      create policy opened on visit for select using (exists (select from emergency e where e.person = current_setting('app.user', true)));`)
    expect(await found("WKC071", people)).toEqual(["public.visit leak"])
    await run(
      `alter policy opened on visit using (exists (select from emergency e where e.person = current_setting('app.user', true) and e.branch_id = visit.branch_id))`,
    )
    expect(await found("WKC071", people)).toEqual([])
  })
})

test("a doctor of one's own, to whom only another branch refers, is no question once it may not be deleted", {
  timeout: 60_000,
}, async () => {
  await run(`create table doctor (home_id int not null, no int not null, primary key (home_id, no));
    insert into doctor values (1, 1), (1, 2), (2, 1);
    create table duty (branch_id int not null, id int not null, doctor_home int not null, doctor_no int not null, primary key (branch_id, id),
      foreign key (doctor_home, doctor_no) references doctor);
    insert into duty values (2, 1, 1, 1), (2, 2, 2, 1), (1, 1, 2, 1);
    alter table doctor enable row level security, force row level security; alter table duty enable row level security, force row level security;
    create policy p on doctor using (home_id = ${own}); create policy p on duty using (branch_id = ${own});
    grant select, delete on doctor to :"app"; grant select on duty to :"app";`)
  const columns = {
    tenantColumns: {
      "public.doctor": "home_id",
      "public.duty": "branch_id",
      "public.patient": "branch_id",
      "public.visit": "branch_id",
    },
  }
  expect(await found("WKC105", columns)).toEqual(["public.doctor oracle"])
  expect(await found("WKC051", columns)).toEqual(["public.duty hygiene"])
  await run('revoke delete on doctor from :"app"')
  expect(await found("WKC105", columns)).toEqual([])
  // Once a CHECK says that none may cross, those that do are left over.
  await run(`grant insert on duty to :"app"; alter table duty add constraint home check (doctor_home = branch_id) not valid;
    insert into duty values (1, 2, 1, 1)`)
  expect(await found("WKC051", columns)).toEqual(["public.duty leak"])
  await run("alter table duty drop constraint home")
  expect(await found("WKC051", columns)).toEqual(["public.duty hygiene"])
  // So does a trigger that raises, whoever writes: a policy would not bind everybody.
  const refusing = (
    condition: string,
  ): string => `create or replace function at_home() returns trigger language plpgsql as
    $$begin if ${condition} then raise exception 'a doctor of this branch is asked for'; end if; return new; end$$;`
  await run(
    `${refusing("new.doctor_home <> new.branch_id")} create trigger at_home before insert on duty for each row execute function at_home()`,
  )
  expect(await found("WKC051", columns)).toEqual(["public.duty leak"])
  await run(refusing("new.doctor_home <> new.branch_id and new.id < 0"))
  expect(await found("WKC051", columns)).toEqual(["public.duty hygiene"])
  // Those that it lets pass say so of themselves, or have a permit elsewhere.
  await run(`alter table duty add column visits boolean not null default false; update duty set visits = true where doctor_home <> branch_id;
    ${refusing("new.doctor_home <> new.branch_id and not new.visits")}`)
  expect(await found("WKC051", columns)).toEqual(["public.duty hygiene"])
  await run(`create table permit (no int); grant select on permit to :"app";
    ${refusing("new.doctor_home <> new.branch_id and not exists (select from public.permit where no = new.doctor_no)")}`)
  expect(await found("WKC051", columns)).toEqual(["public.duty hygiene"])
  await run(`alter table duty add constraint home check (doctor_home = branch_id or visits)`)
  expect(await found("WKC051", columns)).toEqual(["public.duty hygiene"])
})

test("a table without a tenant is another's where it holds the id of its row, or a document that names it", {
  timeout: 60_000,
}, async () => {
  await run(`create table scan (branch_id int not null, id uuid not null, primary key (branch_id, id));
    insert into scan values (1, '11111111-aaaa-4000-8000-000000000001'), (2, '22222222-bbbb-4000-8000-000000000002');
    alter table scan enable row level security, force row level security; create policy p on scan using (branch_id = ${own});
    create table scan_text (scan_id uuid not null, body text not null); insert into scan_text select id, 'seen' from scan;
    create table failed (id int generated always as identity, input jsonb);
    insert into failed (input) select jsonb_build_object('branch_id', branch_id, 'name', name) from patient where branch_id = 2 limit 1;
    grant select on scan, scan_text, failed to :"app";`)
  expect(await found("WKC042")).toEqual(["public.failed leak"])
  expect(await found("WKC020")).toEqual(["public.scan_text leak"])
  await run('revoke select on scan_text, failed from :"app"')
  expect([...(await found("WKC042")), ...(await found("WKC020"))]).toEqual([])
})

test("schemas and roles that begin differently and end alike are the same tenants", { timeout: 60_000 }, async () => {
  await run(`${twoPlaces.sql}
    grant usage on schema place_north, place_south to :"app"; grant select on place_north.letter, place_south.letter to :"app";`)
  const change = twoPlaces.target("app.branch")
  expect(await found("WKC020", change)).toEqual(["place_north.letter leak", "place_south.letter leak"])
  await run('revoke select on place_north.letter, place_south.letter from :"app"')
  expect(await found("WKC020", change)).toEqual([])
})

test("what one function leaves in a transaction is not told by the next one", { timeout: 60_000 }, async () => {
  await run(`create sequence seen_in; alter table patient no force row level security;
    create function asked_first(word text) returns bigint language sql volatile security definer set search_path = public, pg_temp as
      $$select setval('seen_in', txid_current()::bigint) from (select 1 where word is not null or not exists (select from patient where false)) q$$;
    create function asked_then() returns boolean language sql volatile security definer set search_path = public, pg_temp as
      $$select last_value = txid_current() from seen_in, (select count(*) from patient where false) p$$;`)
  expect(await found("WKC041")).toEqual([])
})

test("for many calls the victim writes more than once, so that none of its rows stays locked for all of them", {
  timeout: 60_000,
}, async () => {
  const asked = (
    at: number,
  ): string => `create function asked${at}(a text, b text, c text) returns boolean language sql stable as
    $$select exists (select from patient where name in (a, b, c))$$;`
  await run(`create sequence writings; create function counts() returns trigger language plpgsql as $$begin perform nextval('writings'); return null; end$$;
    create trigger counts before insert on patient for each statement execute function counts(); grant usage on sequence writings to :"app";
    ${[1, 2, 3, 4, 5].map(asked).join("\n")}`)
  expect(await found("WKC041")).toEqual([])
  const writings = await withClient(
    system.adminUrl,
    async (client) => await client.query("select last_value::int as n from writings"),
  )
  // For each of the two tenants, and more than once.
  expect(writings.rows[0]?.n).toBeGreaterThan(2)
})

test("a refusal whose CONTEXT depends on what was asked before it is the same with canaries and without", {
  timeout: 60_000,
}, async () => {
  const calls = (name: string, other: string): string =>
    `create function ${name}(word text) returns text language plpgsql as $$declare t text := ${other}(word); begin return t; end$$;`
  await run(`create function refuses(word text) returns text language plpgsql as $$begin raise exception 'not yours'; end$$;
    ${calls("asks", "refuses")} ${calls("lift", "asks")} ${calls("narrow", "asks")}`)
  const opened = await openScene({
    databaseUrl: system.adminUrl,
    appUrl: urlFor(db.adminUrl, system.name, system.app),
    target: parseTarget({
      tenants: ["1", "2"].map((key) => ({ name: key, key, connect: { settings: { "app.branch": key } } })),
      tenantColumns: ["branch_id"],
    }),
    mode: "probe",
  })
  try {
    const [pair] = opened.scene.pairs
    if (pair === undefined) throw new Error("no two tenants")
    const asked = (await callable(pair.attacker)).filter(({ name }) => ["lift", "narrow"].includes(name))
    const questions = asked.map((one) => ({ one, attacks: [callText(one, ["'a word'"])] }))
    const { planted, answers } = await askPlanted(opened.scene, pair, questions)
    expect([planted.tables.size > 0, questions.length]).toEqual([true, 2])
    for (const { before, now, after } of answers.values()) {
      expect(now?.map(({ isRefused }) => isRefused)).toEqual([true])
      expect([now, after]).toEqual([before, before])
    }
    // Not the same where one is asked behind the other and once in front: the order is what keeps them alike.
    const [, behind] = questions
    if (behind === undefined) throw new Error("no second question")
    const alone = await askPlanted(opened.scene, pair, [behind])
    expect(alone.answers.get(behind)?.now).not.toEqual(answers.get(behind)?.now)
  } finally {
    await opened.close()
  }
})

test("what the victim's own triggers raised while it wrote moves a CONTEXT, and is no row of its", {
  timeout: 60_000,
}, async () => {
  const refusing = (
    words: string,
  ): string => `create or replace function refuses(word text) returns text language plpgsql as
    $$begin raise exception using message = ${words}; end$$;`
  await run(`${refusing("'not yours'")} create function asks(word text) returns text language plpgsql as
      $$declare t text := public.refuses(word); begin return t; end$$;
    create function caught() returns trigger language plpgsql as
      $$begin new.note := public.asks(new.note); return new; exception when raise_exception then return new; end$$;
    create trigger caught before insert or update on visit for each row execute function caught();
    create function narrow(word text) returns text language plpgsql as $$declare t text := public.asks(word); begin return t; end$$;`)
  expect(await found("WKC041")).toEqual([])
  await run(
    `${refusing("'one of ' || (select count(*) from public.visit)")} alter table visit no force row level security; alter function refuses(text) security definer`,
  )
  expect(await found("WKC041")).toEqual(["public.asks oracle", "public.narrow oracle", "public.refuses oracle"])
})
