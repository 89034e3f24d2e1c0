import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import type { TargetInput } from "../target/schema.js"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system
const setting = "nullif(current_setting('app.branch', true), '')::int"

const found = async (code: string, change: Partial<TargetInput> = {}): Promise<string[]> => {
  const { findings } = await system.verify([code], change)
  return findings.map(({ object, severity }) => `${object} ${severity}`)
}

describe("a function that is told in which schema to read", () => {
  // As when all branches lay in one schema, each table has the column still.
  const houses = `create schema house_1; create schema house_12; create table house_1.stay (branch_id int not null, no int primary key, word text);
    create table house_12.stay (like house_1.stay including all);
    insert into house_1.stay select 1, g, 'stay ' || md5('a' || g) from generate_series(1, 3) g;
    insert into house_12.stay select 2, g, 'stay ' || md5('b' || g) from generate_series(1, 3) g;`
  const told = (argument: string, check: string, statement: string): string => `
    create or replace function stays(asked ${argument}) returns setof text language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp as $$
    begin
      if (${check}) is not true then raise exception 'no house of yours' using errcode = '42501'; end if;
      return query execute ${statement};
    end $$; grant usage on schema house_1, house_12 to :"app";`
  const own = `(case ${setting} when 1 then 'house_1' when 2 then 'house_12' end)`
  const schemas = { schemas: ["public", "house_1", "house_12"], tenantColumns: ["branch_id"] }
  const each = "(select string_agg(format('select word from %I.stay', h), ' union all ') from unnest(asked) h)"

  test.each([
    ["by name", "text", `starts_with(asked, ${own})`, `asked = ${own}`, "format('select word from %I.stay', asked)"],
    [
      "by the end of its name",
      "text",
      `starts_with('house_' || asked, ${own})`,
      `'house_' || asked = ${own}`,
      "format('select word from %I.stay', 'house_' || asked)",
    ],
    ["in a list", "text[]", `${own} = any (asked)`, `array[${own}] = asked`, each],
    [
      "in a document",
      "jsonb",
      `starts_with(asked->>'house', ${own})`,
      `asked->>'house' = ${own}`,
      "format('select word from %I.stay', asked->>'house')",
    ],
  ])(
    "shows another branch's where it compares too little: %s",
    {
      timeout: 120_000,
    },
    async (_, argument, loose, strict, statement) => {
      await run(houses + told(argument, loose, statement))
      expect(await found("WKC041", schemas)).toEqual(["public.stays leak"])
      await run(told(argument, strict, statement))
      expect(await found("WKC041", schemas)).toEqual([])
    },
  )
})

describe("a row that refers to a person of another branch", () => {
  const team = (key: string): string => `
    create table person (id int primary key, branch_id int not null);
    insert into person values (11, 1), (21, 2);
    create table team (branch_id int not null, person_id int not null references person, note text${key});
    insert into team values (1, 11, 'at home'), (2, 21, 'at home'), (2, 11, 'helps out');`
  const asked = `create function my_branches() returns setof int language sql stable security definer set search_path = pg_catalog, pg_temp as
      $$select branch_id from public.team where person_id = ${setting} * 10 + 1$$;
    create policy by_team on patient as restrictive using (branch_id in (select my_branches()))`

  test("is meant where policies ask that table who may be where, once for each, and crosses elsewhere", {
    timeout: 120_000,
  }, async () => {
    await run(team(", primary key (branch_id, person_id)"))
    expect(await found("WKC051")).toEqual(["public.team leak"])
    await run(asked)
    expect(await found("WKC051")).toEqual(["public.team hygiene"])
    // Several rows for one person and branch say more than who may be where.
    await run("alter table team drop constraint team_pkey")
    expect(await found("WKC051")).toEqual(["public.team leak"])
  })
})

describe("a key that another branch has taken", () => {
  test("is asked for in the replay, with what it is of, and not printed", { timeout: 120_000 }, async () => {
    // One slot for each request, so that no row can be added before the key is asked.
    await run(`create table request (branch_id int not null, no int not null, primary key (branch_id, no));
      create table slot (branch_id int not null, no int not null, scanner text not null, hour int not null,
        primary key (branch_id, no), foreign key (branch_id, no) references request, constraint is_free unique (scanner, hour));
      insert into request select b, 1 from generate_series(1, 2) b;
      insert into slot select b, 1, 'MR-' || b, 8 from generate_series(1, 2) b; alter table slot enable row level security;
      create policy own on slot using (branch_id = ${setting}); grant select, insert on slot to :"app";`)
    const { findings } = await system.verify(["WKC060"])
    const { object, replay } = findings.find(({ severity }) => severity === "oracle") ?? { object: "", replay: "" }
    expect(object).toBe("public.slot")
    expect(replay).not.toMatch(/MR-[12]/)
    const asked = [...replay.matchAll(/:'(value_\d+)'/g)].map(([, name]) => name)
    expect(new Set(asked).size).toBe(2)
    for (const name of asked) expect(replay).toMatch(new RegExp(`^-- ${name}: of public.slot.(scanner|hour);`, "m"))
    await run("alter table slot drop constraint is_free, add constraint is_free unique (branch_id, scanner, hour)")
    expect((await found("WKC060")).filter((one) => one.endsWith("oracle"))).toEqual([])
  })
})

describe("functions whose body the server keeps as a tree", () => {
  const atomic = (compared: string): string => `
    create or replace function in_thread(asked int) returns boolean language sql stable security definer set search_path = public, pg_temp
    begin atomic
      select exists (select from thread_member m ${compared} where m.thread_no = asked and m.branch_id = ${setting});
    end;`

  test("are read like others: who joins a thread of another branch reads it", { timeout: 120_000 }, async () => {
    await run(`create table thread (no int primary key, branch_id int not null); insert into thread values (1, 1), (2, 2);
      create table thread_member (branch_id int not null, thread_no int not null, nick text not null, primary key (branch_id, thread_no));
      insert into thread_member values (1, 1, 'one'), (2, 2, 'two');
      create table message (branch_id int not null, thread_no int not null, seq int not null, body text not null, primary key (branch_id, thread_no, seq));
      insert into message select b, b, g, 'message ' || md5(b || 'm' || g) from generate_series(1, 2) b, generate_series(1, 2) g;
      alter table thread enable row level security; alter table thread_member enable row level security; alter table message enable row level security;
      ${atomic("")} create policy own on thread using (branch_id = ${setting}); create policy own on thread_member using (branch_id = ${setting});
      create policy reads on message using (in_thread(thread_no)); grant select on thread, thread_member, message to :"app"; grant insert on thread_member to :"app";`)
    expect(await found("WKC071")).toEqual(["public.thread_member leak"])
    await run(atomic("join thread t on t.no = m.thread_no and t.branch_id = m.branch_id"))
    expect(await found("WKC071")).toEqual([])
  })
})
