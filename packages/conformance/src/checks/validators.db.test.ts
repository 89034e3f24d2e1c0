import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { urlFor, withClient } from "#tests/harness/src/index.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const own = "nullif(current_setting('app.branch', true), '')::int"
const definer = "stable security definer set search_path = public, pg_temp"

async function found(...only: string[]): Promise<string[]> {
  const { findings } = await system.verify(only)
  return findings.map(({ check, object, severity }) => `${check} ${object} ${severity}`).sort()
}

/** Two check digits, as accounts have them; one that is no sum, as Aadhaar has it; a district that exists; a day of the calendar. */
const numbers = `
  create table insured (
    branch_id int not null, no int not null, account text not null, person text not null, licence text not null, born text not null,
    primary key (branch_id, no));
  create table bed (branch_id int not null, no int not null, account text not null, primary key (branch_id, no));
  create table health_id (branch_id int not null, id bigint primary key, name text not null);
  create function rest(account text) returns int language sql immutable as $$select (account::numeric % 97)::int$$;
  create function verhoeff(number text) returns int language plpgsql immutable as $$
    declare c int := 0; p int; d int;
      turn int[] := array[1,5,7,6,2,8,3,0,9,4];
    begin
      for i in 0 .. length(number) - 1 loop
        d := substr(number, length(number) - i, 1)::int;
        for k in 1 .. i % 8 loop d := turn[d + 1]; end loop;
        c := case when c < 5 and d < 5 then (c + d) % 5 when c < 5 then 5 + (c + d - 5) % 5
          when d < 5 then 5 + (c - 5 - d + 5) % 5 else (c - d + 5) % 5 end;
      end loop;
      return c;
    end$$;
  create function made(start text) returns text language sql immutable as
    $$select start || d from generate_series(0, 9) d where verhoeff(start || d) = 0 limit 1$$;
  insert into insured select b, n,
      (97 * (200000 * b + 7001 * n) + 1)::text,
      made(lpad((4711 * b + 13 * n)::text, 11, '7')), format('TN-1%s-20%s%s', b, b, 10 + n), format('197%s-05-1%s', b, n)
    from generate_series(1, 2) b, generate_series(1, 3) n;
  insert into health_id select branch_id, account::bigint, 'name ' || account from insured;
  alter table insured enable row level security; alter table health_id enable row level security; alter table bed enable row level security;
  create policy p on insured using (branch_id = ${own}); create policy p on health_id using (branch_id = ${own});
  create policy p on bed using (branch_id = ${own});
  grant select, insert on bed to :"app"; insert into bed select branch_id, no, account from insured;`

const saying = (name: string, takes: string, rule: string): string =>
  `create function ${name}(asked ${takes}) returns boolean language plpgsql ${definer} as $$begin
     perform 1 from public.insured i where i.branch_id = ${own} and '' in (i.account, i.person, i.licence, i.born);
     perform 1 from public.health_id where branch_id = ${own};
     return ${rule}; end$$;`

describe("a function that looks at the value alone", () => {
  test("tells of nobody, whatever it asks of a number: check digits, a district, a day", {
    timeout: 120_000,
  }, async () => {
    await run(`${numbers}
      ${saying("is_account", "text", "length(asked) = 8 and rest(asked) = 1")}
      ${saying("is_person", "text", "length(asked) = 12 and verhoeff(asked) = 0")}
      ${saying("is_licence", "text", "asked ~ '^TN-1[1-9]-20\\d{3}$'")}
      ${saying("is_day", "text", "to_char(asked::date, 'YYYY-MM-DD') = asked and asked::date between '1900-01-01' and '2030-01-01'")}
      ${saying("is_health_id", "bigint", "asked between 10000000 and 99999999 and asked % 97 = 1")}`)
    expect(await found("WKC041")).toEqual([])
  })

  test("nor does a trigger that refuses a wrong number", { timeout: 120_000 }, async () => {
    await run(`${numbers} create function checked() returns trigger language plpgsql security definer as $$begin
        perform 1 from public.insured where branch_id = ${own};
        if rest(new.account) <> 1 then raise exception 'wrong check digits'; end if; return new; end$$;
      create trigger checked before insert on bed for each row execute function checked();`)
    expect(await found("WKC047")).toEqual([])
  })
})

describe("a function that looks the value up as well", () => {
  const looking = (where: string): string => `create or replace function state_of(asked text) returns text
    language plpgsql ${definer} as $$begin
      if asked !~ '^\\d{8}$' or rest(asked) <> 1 then return 'wrong check digits'; end if;
      if exists (select from public.insured where account = asked ${where}) then return 'known'; end if;
      return 'unknown'; end$$;
    create or replace function admit(asked text) returns text language plpgsql ${definer} as $$begin
      if rest(asked) <> 1 then raise exception 'wrong check digits' using errcode = '22023'; end if;
      if exists (select from public.insured where account = asked and branch_id = ${own}) then return 'admitted'; end if;
      if exists (select from public.insured where account = asked ${where}) then raise exception 'insured elsewhere'; end if;
      raise exception 'not insured'; end$$;`

  test("tells that it is there, behind its check digits too, and the replay compares it with what nobody has", {
    timeout: 120_000,
  }, async () => {
    await run(numbers + looking(""))
    const { findings } = await system.verify(["WKC041"])
    expect(findings.map(({ object, severity }) => `${object} ${severity}`).sort()).toEqual([
      "public.admit oracle",
      "public.state_of oracle",
    ])
    const replay = findings.find(({ object }) => object === "public.state_of")?.replay ?? ""
    const account = await withClient(system.adminUrl, async (client) => {
      const { rows } = await client.query<{ account: string }>("select account from insured where branch_id = 2")
      return rows.map((row) => row.account)
    })
    expect(account.some((one) => replay.includes(one))).toBe(false)
    const told = await withClient(urlFor(db.adminUrl, system.name, system.app), async (client) => {
      const results = [await client.query<{ answer?: string }>(replay.replace(":'value_1'", `'${account[0]}'`))].flat()
      return results.flatMap(({ rows }) => rows.flatMap(({ answer }) => answer ?? []))
    })
    expect(told).toHaveLength(2)
    expect(["wrong check digits", "unknown"]).toContain(told[0])
    expect(told[1]).toBe("known")
    await run(looking(`and branch_id = ${own}`))
    expect(await found("WKC041")).toEqual([])
  })
})
