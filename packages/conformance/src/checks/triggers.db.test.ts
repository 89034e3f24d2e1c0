import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system

const found = async (code: string): Promise<string[]> => {
  const { findings } = await system.verify([code])
  return findings.map(({ object, severity }) => `${object} ${severity}`).sort()
}

const keys = ["a0000000-0000-4000-8000-000000000001", "b0000000-0000-4000-8000-000000000002"] as const

const branch = "nullif(current_setting('app.branch', true), '')::int"
const definer = "security definer set search_path = pg_catalog, pg_temp"
const before = (body: string, declare = ""): string => `
  create or replace function acts() returns trigger language plpgsql ${definer} as
    $$declare other public.visit; ${declare} begin ${body} return new; end$$;
  drop trigger if exists acts on visit;
  create trigger acts before insert or update on visit for each row execute function acts();`

describe("WKC047, a trigger's refusal", () => {
  const refusing = (where: string, using: string): string =>
    before(`select * into other from public.visit v where v.room = new.room and v.starts = new.starts and v.id <> new.id ${where};
      if found then raise exception 'taken' using ${using}; end if;`)
  const rooms = `alter table visit add column room text, add column starts timestamptz;
    update visit set room = 'R-' || id, starts = '2026-06-01 09:00+00'::timestamptz + id * interval '1 hour';`

  test("shows whose row it met in its message, its detail and its hint, and none where it looks at the tenant's own", {
    timeout: 120_000,
  }, async () => {
    await run(rooms)
    for (const using of ["message = other.note", "detail = other.note", "hint = 'it is ' || other.note"]) {
      await run(refusing("", using.startsWith("message") ? "detail = other.note" : using))
      expect(await found("WKC047"), using).toEqual(["public.visit leak"])
    }
    await run(refusing("and v.branch_id = new.branch_id", "detail = other.note"))
    expect(await found("WKC047")).toEqual([])
  })

  test("tells that a row is there where it says no more than no", { timeout: 120_000 }, async () => {
    await run(rooms + refusing("", "hint = 'choose another'"))
    await run('revoke insert on visit from :"app"')
    expect(await found("WKC047")).toEqual(["public.visit oracle"])
    await run('grant insert on visit to :"app"')
    const { findings } = await system.verify(["WKC047"])
    expect(findings.map(({ object, severity }) => `${object} ${severity}`)).toEqual(["public.visit oracle"])
    expect(findings[0]?.evidence).toContain("it is refused")
    await run(refusing("and v.branch_id = new.branch_id", "hint = 'choose another'"))
    expect(await found("WKC047")).toEqual([])
  })

  test("tells by a code of its own that there are three already, which one more of another tenant's does not", {
    timeout: 120_000,
  }, async () => {
    const limiting = (where: string): string =>
      before(`if (select count(*) from public.visit v where v.phone = new.phone ${where}) >= 3 then
        raise exception 'too many' using errcode = 'check_violation'; end if;`)
    await run(`alter table visit add column phone text; update visit set phone = '+91 98400 12345' where branch_id = 2;
      ${limiting("")}`)
    expect(await found("WKC047")).toEqual(["public.visit oracle"])
    await run(limiting("and v.branch_id = new.branch_id"))
    expect(await found("WKC047")).toEqual([])
  })
})

test("WKC047: a refusal has another CONTEXT once another row's was caught, and tells nothing by that", async () => {
  const refusing = (words: string): string => `
    create or replace function refuses(note text) returns text language plpgsql as
      $$begin raise exception using message = ${words}; end$$;
    create or replace function asks(note text) returns text language plpgsql as $$declare t text := public.refuses(note); begin return t; end$$;
    ${before("begin new.note := public.asks(new.note); exception when raise_exception then if new.branch_id = 1 then raise; end if; end;")}`
  await run(refusing("'not yours'"))
  expect(await found("WKC047")).toEqual([])
  await run(refusing("'not yours, one of ' || (select count(*) from public.visit)"))
  await run("alter table visit no force row level security; alter function refuses(text) security definer")
  expect(await found("WKC047")).toEqual(["public.visit oracle"])
})

describe("WKC047, a trigger's answer", () => {
  test("is asked with the same own row each time: another one would give another answer", async () => {
    await run("alter table visit add column said int; update visit set said = id where said is null")
    const replay = async (): Promise<string> => {
      await run(before("select count(*) into new.said from public.visit v;"))
      return (await system.verify(["WKC047"])).findings[0]?.replay ?? ""
    }
    expect(await replay()).toMatch(/ order by row\(.+\)::text limit 1/)
    await run("drop trigger acts on visit; alter table visit drop column said")
  })

  const counting = (where: string): string =>
    before(`select coalesce(max(v.turn), 0) + 1 into new.turn from public.visit v where true ${where};`)

  test("moves with everybody's rows, and not with the tenant's own alone", { timeout: 120_000 }, async () => {
    await run(`alter table visit add column turn int; ${counting("")}`)
    expect(await found("WKC047")).toEqual(["public.visit oracle"])
    await run(counting("and v.branch_id = new.branch_id"))
    expect(await found("WKC047")).toEqual([])
  })

  test("moves in a year of one's own in which the other tenant has no number yet", { timeout: 120_000 }, async () => {
    const numbering = (where: string): string => `
      create or replace function number_bill() returns trigger language plpgsql ${definer} as
        $$begin select coalesce(max(b.no), 0) + 1 into new.no from public.bill b where b.year = new.year ${where}; return new; end$$;
      create or replace trigger number_bill before insert on bill for each row execute function number_bill();`
    await run(`create table bill (branch_id int not null, year int not null check (year between 2000 and 2099), no int not null,
        primary key (branch_id, year, no));
      insert into bill values (1, 2026, 1), (2, 2025, 1);
      alter table bill enable row level security; create policy p on bill using (branch_id = ${branch});
      grant select, insert (branch_id, year), delete on bill to :"app"; ${numbering("")}`)
    expect(await found("WKC047")).toEqual(["public.bill oracle"])
    await run(numbering("and b.branch_id = new.branch_id"))
    expect(await found("WKC047")).toEqual([])
  })

  test("moves in the words of a refusal, and for a table whose tenant stands in its parent", {
    timeout: 120_000,
  }, async () => {
    const telling = (where: string): string => `
      create or replace function full_up() returns trigger language plpgsql ${definer} as
        $$begin raise exception '% lines so far', (select count(*) from public.visit_line l where true ${where}); end$$;
      drop trigger if exists full_up on visit_line;
      create trigger full_up before insert on visit_line for each row when (new.words like 'full%') execute function full_up();`
    await run(
      `${telling("")} update visit_line set words = 'full ' || id where visit_id in (select id from visit where branch_id = 1);`,
    )
    expect(await found("WKC047")).toEqual(["public.visit_line oracle"])
    await run(telling("and l.visit_id = new.visit_id"))
    expect(await found("WKC047")).toEqual([])
  })

  test("is nothing where it is drawn, made up, or the time of day", { timeout: 120_000 }, async () => {
    await run(`alter table visit add column turn bigint, add column tag uuid, add column seen timestamptz; create sequence turns;
      ${before("new.turn := nextval('public.turns'); new.tag := gen_random_uuid(); new.seen := clock_timestamp();")}`)
    expect(await found("WKC047")).toEqual([])
  })

  test("stands in a table of everybody's where it counts what anybody does", { timeout: 120_000 }, async () => {
    await run(`alter table drug add column asked bigint not null default 0; alter table drug add column secret text;
      ${before("update public.drug set asked = asked + 1 where code = 'A';")}`)
    expect(await found("WKC047")).toEqual(["public.drug oracle"])
    await run('revoke select on drug from :"app"; grant select (code, name) on drug to :"app"')
    expect(await found("WKC047")).toEqual([])
    await run('grant select (asked) on drug to :"app"')
    expect(await found("WKC047")).toEqual(["public.drug oracle"])
  })
})

test("WKC049: a trigger changes another tenant's row that says the same as a row of one's own, until it compares the tenant", {
  timeout: 120_000,
}, async () => {
  const marking = (where: string): string =>
    before(`update public.visit v set note = 'seen elsewhere' where v.phone = new.phone and v.id <> new.id ${where};`)
  await run(`alter table visit add column phone text; update visit set phone = '+91 98400 1' || id; ${marking("")}`)
  // It acts on its own rows' changes too: once is enough.
  await run(
    "drop trigger acts on visit; create trigger acts before insert on visit for each row execute function acts()",
  )
  expect(await found("WKC049")).toEqual(["public.acts leak"])
  await run(`${marking("and v.branch_id = new.branch_id")} drop trigger acts on visit;
    create trigger acts before insert on visit for each row execute function acts()`)
  expect(await found("WKC049")).toEqual([])
})

describe("WKC047, a CHECK", () => {
  const known = (where: string): string => `
    create or replace function is_known(number text) returns boolean language sql stable ${definer} as
      $$select exists (select from public.policy p where p.number = is_known.number ${where}) or number is null$$;`

  test("tells which values everybody's rows have, and not where its function compares the tenant, or reads a list", {
    timeout: 120_000,
  }, async () => {
    await run(`create table policy (branch_id int not null, number text not null, primary key (branch_id, number));
      insert into policy values (1, 'P-1001'), (2, 'P-2002');
      alter table policy enable row level security; create policy p on policy using (branch_id = ${branch});
      grant select on policy to :"app"; ${known("")}
      alter table visit add column number text;
      update visit set number = case branch_id when 1 then 'P-1001' else 'P-2002' end;
      alter table visit add constraint known check (is_known(number)) not valid;`)
    expect(await found("WKC047")).toEqual(["public.visit oracle"])
    expect(await found("WKC041")).toEqual(["public.is_known oracle"])
    await run(known(`and p.branch_id = ${branch}`))
    expect([...(await found("WKC047")), ...(await found("WKC041"))]).toEqual([])
    await run(`insert into drug values ('P-1001', 'one'), ('P-2002', 'two');
      create or replace function is_known(number text) returns boolean language sql stable ${definer} as
        $$select exists (select from public.drug d where d.code = number) or number is null or exists (select from public.policy where false)$$;`)
    expect([...(await found("WKC047")), ...(await found("WKC041"))]).toEqual([])
    // By its words alone, and by a limit between what the two have.
    await run(`alter table visit drop constraint known; delete from drug where code like 'P-%'; alter table policy add column words text, add column amount int;
      update policy set words = case branch_id when 1 then 'open' else 'closed' end, amount = branch_id * 5000;
      alter table visit add column words text, add column amount int;
      update visit v set words = p.words, amount = p.amount from policy p where p.branch_id = v.branch_id;
      create or replace function is_known(words text, amount int) returns boolean language sql stable ${definer} as
        $$select words is distinct from 'closed' and amount <= 9000 or words is null or exists (select from public.policy where false)$$;
      alter table visit add constraint known_words check (is_known(words, amount)) not valid;`)
    expect([...(await found("WKC047")), ...(await found("WKC041"))]).toEqual([])
  })
})

describe("WKC041, a function that is asked with nothing", () => {
  const searching = (first: string): string => `
    create or replace function search(words text, since int default null) returns setof visit language sql stable ${definer} as
      $$select v.* from public.visit v where ${first} and (since is null or v.id >= since)$$;`

  test("gives everything where an empty search box skips the tenant too", { timeout: 120_000 }, async () => {
    const own = `v.branch_id = ${branch}`
    await run(searching(`(words is null or ${own} and v.note ilike '%' || words || '%')`))
    expect(await found("WKC041")).toEqual(["public.search leak"])
    await run(searching(`(words = '' or ${own} and v.note ilike '%' || words || '%')`))
    expect(await found("WKC041")).toEqual(["public.search leak"])
    await run(searching(`${own} and (words is null or v.note ilike '%' || words || '%')`))
    expect(await found("WKC041")).toEqual([])
  })

  test("asks for the column whose value it needs", { timeout: 120_000 }, async () => {
    await run(`create table contact (branch_id int not null, phone text primary key, name text not null);
      insert into contact values (1, '98100', 'name of one'), (2, '98200', 'name of two');
      alter table contact enable row level security; create policy p on contact using (branch_id = ${branch});
      create function contact_of(p_phone text) returns contact language sql ${definer} as
        $$select * from public.contact where phone = p_phone$$;`)
    const { findings } = await system.verify(["WKC041"])
    expect(findings.map(({ object, severity }) => `${object} ${severity}`)).toEqual(["public.contact_of leak"])
    expect(findings[0]?.replay).toContain("of public.contact.phone;")
  })
})

describe("WKC041, a value that the attacker has too", () => {
  test("inside a longer one, or as its own key in another's row, is nobody's secret", {
    timeout: 120_000,
  }, async () => {
    await run(`create table doctor (branch_id int not null, no int not null, name text not null, primary key (branch_id, no));
      insert into doctor values (1, 1, 'Doctor Rao'), (2, 1, 'Doctor Rao, second floor');
      alter table doctor enable row level security; create policy p on doctor using (branch_id = ${branch});
      create function doctors() returns setof text language sql stable ${definer} as
        $$select name from public.doctor where branch_id = ${branch}$$;`)
    expect(await found("WKC041")).toEqual([])
    await run(`create or replace function doctors() returns setof text language sql stable ${definer} as
        $$select name from public.doctor$$;`)
    expect(await found("WKC041")).toEqual(["public.doctors leak"])
    await run(`drop function doctors(); drop table doctor;
      create table file (hospital_id uuid not null, no int not null, shared_with uuid, primary key (hospital_id, no));
      insert into file values ('${keys[0]}', 1, null), ('${keys[1]}', 1, '${keys[0]}');
      alter table file enable row level security;
      create policy p on file using (hospital_id = (select nullif(current_setting('app.hospital', true), '')::uuid));
      grant select on file to :"app"; create function my_hospital() returns uuid language sql stable as
        $$select nullif(current_setting('app.hospital', true), '')::uuid from (select count(*) from public.file) as q$$;`)
    const tenants = keys.map((key) => ({ name: key, key, connect: { settings: { "app.hospital": key } } }))
    const { findings } = await system.verify(["WKC041"], { tenants, tenantColumns: ["hospital_id"] })
    expect(findings).toEqual([])
  })
})
