import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
const { run, verify } = useBaseSystem(db)

const own = "nullif(current_setting('app.branch', true), '')::int"
const header = "security definer set search_path = public, pg_temp"

async function found(...only: string[]): Promise<string[]> {
  const { findings } = await verify(only)
  return findings
    .filter(({ severity, verdict }) => severity !== "hygiene" && verdict === "LEAK")
    .map(({ check, object, severity }) => `${check} ${object} ${severity}`)
    .sort()
}

const shut = (table: string): string =>
  `alter table ${table} enable row level security; create policy p on ${table} using (branch_id = ${own});`

describe("a function takes", { timeout: 120_000 }, () => {
  test("a list of branches, and asks whether one of them is the caller's", async () => {
    const exported = (how: string): string => `
      create or replace function exported(p_branches int[]) returns setof text language plpgsql stable ${header} as
        $$begin if not p_branches ${how} array[${own}] then raise exception 'not yours'; end if;
        return query select name from patient where branch_id = any (p_branches); end$$;
      create or replace function listed(branches text) returns setof text language plpgsql stable ${header} as
        $$begin if not string_to_array(branches, ',')::int[] ${how} array[${own}] then raise exception 'not yours'; end if;
        return query select name from patient where branch_id = any (string_to_array(branches, ',')::int[]); end$$;`
    await run(`alter table patient no force row level security; ${exported("&&")}`)
    expect(await found("WKC041")).toEqual(["WKC041 public.exported leak", "WKC041 public.listed leak"])
    await run(exported("<@"))
    expect(await found("WKC041")).toEqual([])
  })

  test("a document of rows by their own numbers, and does not ask whose the one is that has the number", async () => {
    const pushed = (where: string): string => `
      create or replace function pushed(changes jsonb) returns setof visit language sql ${header} as $$
        insert into visit as v (id, branch_id, patient_id, note)
        select c.id, ${own}, c.patient_id, c.note
          from jsonb_to_recordset(coalesce(changes -> 'visits', '[]')) as c (id int, patient_id int, note text)
          join patient p on p.branch_id = ${own} and p.id = c.patient_id
        on conflict (id) do update set note = coalesce(excluded.note, v.note) ${where} returning v.*$$;`
    await run(
      `alter table patient no force row level security; alter table visit no force row level security; ${pushed("")}`,
    )
    expect(await found("WKC041")).toEqual(["WKC041 public.pushed leak"])
    await run(pushed(`where v.branch_id = ${own}`))
    expect(await found("WKC041")).toEqual([])
  })

  test("options beside a row's number, or a text that may be a document: what is aimed is asked too", async () => {
    const asked = (differs: string, where: string): string => `
      create or replace function exported(p_patient_id int, p_opts jsonb) returns jsonb language plpgsql stable ${header} as $$
        declare whose int;
        begin
          select branch_id into whose from patient where id = p_patient_id;
          if whose ${differs} ${own} then raise exception 'not yours'; end if;
          return (select jsonb_build_object('lang', p_opts ->> 'lang', 'kind', p_opts ->> 'kind', 'notes', jsonb_agg(v.note))
            from visit v where v.patient_id = p_patient_id);
        end$$;
      create or replace function searched(p_q text) returns setof text language plpgsql stable ${header} as $$
        begin
          if p_q like '{%' then return query select name from patient where branch_id = ${own} and mrn = p_q::jsonb ->> 'mrn'
            and name = p_q::jsonb ->> 'name' and id = (p_q::jsonb ->> 'number')::int;
          else return query select mrn from patient where name = p_q ${where}; end if;
        end$$;`
    await run(
      `alter table patient no force row level security; alter table visit no force row level security; ${asked("<>", "")}`,
    )
    expect(await found("WKC041")).toEqual(["WKC041 public.exported leak", "WKC041 public.searched leak"])
    await run(asked("is distinct from", `and branch_id = ${own}`))
    expect(await found("WKC041")).toEqual([])
  })

  test("documents behind the number of one's own device, and does not ask whose call has the number that they bring", async () => {
    const sent = (name: string, takes: string, loop: string, where: string): string => `
      create or replace function ${name}(p_device text, ${takes}) returns int language plpgsql ${header} as $$
        declare v jsonb; n int := 0;
        begin
          if not exists (select from device d where d.branch_id = ${own} and d.device_no = p_device) then
            raise exception 'unknown device' using errcode = '28000'; end if;
          ${loop}
            insert into call as c (call_no, branch_id, mrn, summary) values (v ->> 'call_no', ${own}, v ->> 'mrn', v ->> 'summary')
              on conflict (call_no) do update set summary = excluded.summary ${where};
            n := n + 1;
          end loop;
          return n;
        end$$;`
    const all = (where: string): string =>
      [
        [
          "pushed",
          "p_batch jsonb",
          "for v in select * from jsonb_array_elements(coalesce(p_batch -> 'calls', '[]')) loop",
        ],
        ["typed_in", "p_batch text", "for v in select * from jsonb_array_elements(p_batch::jsonb -> 'calls') loop"],
        ["listed", "p_calls jsonb[]", "foreach v in array p_calls loop"],
      ]
        .map(([name = "", takes = "", loop = ""]) => sent(name, takes, loop, where))
        .join("\n")
    await run(`create table device (branch_id int not null, device_no text not null, primary key (branch_id, device_no));
      insert into device values (1, 'd01'), (2, 'd07');
      create table call (call_no text primary key check (call_no ~ '^d[0-9]+-[0-9]+$'), branch_id int not null, mrn text not null, summary text,
        unique (branch_id, call_no), foreign key (branch_id, mrn) references patient (branch_id, mrn));
      insert into call select 'd0' || (branch_id * 6 - 5) || '-1', branch_id, min(mrn), 'call ' || md5(branch_id::text) from patient group by branch_id;
      alter table patient no force row level security;
      ${["device", "call"].map(shut).join("\n")} grant select on device, call to :"app"; ${all("")}`)
    expect(await found("WKC041")).toEqual([
      "WKC041 public.listed leak",
      "WKC041 public.pushed leak",
      "WKC041 public.typed_in leak",
    ])
    await run(all(`where c.branch_id = ${own}`))
    expect(await found("WKC041")).toEqual([])
  })

  test("lines that wait in a table, and one says itself whose member it is", async () => {
    const taken = (whose: string): string => `
      create or replace function taken_over(p_batch int) returns int language plpgsql ${header} as $$
        begin
          perform from batch where branch_id = ${own} and no = p_batch and done_at is null;
          if not found then raise exception 'no such batch'; end if;
          insert into member as m (branch_id, no, name)
          select ${whose}, f.no, f.name from line l cross join lateral jsonb_to_record(l.fields) as f (branch int, no int, name text)
           where l.branch_id = ${own} and l.batch_no = p_batch
          on conflict (branch_id, no) do update set name = excluded.name;
          return 1;
        end$$;`
    await run(`
      create table member (branch_id int not null, no int not null, name text not null, primary key (branch_id, no));
      insert into member select b, g, 'member ' || md5(b || '.' || g) from generate_series(1, 2) b, generate_series(1, 2) g;
      create table batch (branch_id int not null, no int not null, done_at timestamptz, primary key (branch_id, no));
      insert into batch select b, 1, now() from generate_series(1, 2) b;
      create table line (branch_id int not null, batch_no int not null, no int not null, fields jsonb not null,
        primary key (branch_id, batch_no, no), foreign key (branch_id, batch_no) references batch);
      insert into line select b, 1, 1, '{"no": 1, "name": "first"}' from generate_series(1, 2) b;
      ${["member", "batch", "line"].map(shut).join("\n")}
      grant select on member to :"app"; grant select, insert on batch, line to :"app"; ${taken(`coalesce(f.branch, ${own})`)}`)
    expect(await found("WKC109")).toEqual(["WKC109 public.taken_over leak"])
    await run(taken(own))
    expect(await found("WKC109")).toEqual([])
  })

  test("the number of one's own order, and counts everybody's before it", async () => {
    const placed = (where: string): string => `
      create or replace function place_of(p_job int) returns bigint language sql stable ${header} as $$
        select (select count(*) from job j where j.state = 'waiting' and j.asked_at <= mine.asked_at ${where})
          from job mine where mine.branch_id = ${own} and mine.no = p_job and mine.state = 'waiting'$$;`
    await run(`
      create table job (branch_id int not null, no int not null, title text, asked_at timestamptz not null default clock_timestamp(),
        state text not null default 'waiting', primary key (branch_id, no));
      insert into job select b, 1, 'first', '2024-02-01Z', 'ready' from generate_series(1, 2) b; ${shut("job")}
      grant select, insert (branch_id, no, title) on job to :"app"; ${placed("")}`)
    expect(await found("WKC041")).toEqual(["WKC041 public.place_of oracle"])
    await run(placed("and j.branch_id = mine.branch_id"))
    expect(await found("WKC041")).toEqual([])
  })
})

describe("one's own row", { timeout: 120_000 }, () => {
  test("is refused by a trigger, in the words of a key, at hours that another branch has taken", async () => {
    const fits = (where: string): string => `
      create or replace function fits() returns trigger language plpgsql ${header} as $$
        begin
          if exists (select from booking b where b.device = new.device and b.during && new.during
            and (b.branch_id, b.no) <> (new.branch_id, new.no) ${where}) then
            raise exception 'taken' using errcode = 'exclusion_violation';
          end if;
          return null;
        end$$;`
    await run(`
      create table booking (branch_id int not null, no int not null, device int not null, during tstzrange not null, primary key (branch_id, no));
      insert into booking select b, 1, 1, tstzrange('2031-05-01Z'::timestamptz + b * interval '2 hours', '2031-05-01 01:00Z'::timestamptz + b * interval '2 hours')
        from generate_series(1, 2) b; ${shut("booking")} grant select, insert on booking to :"app"; ${fits("")}
      create trigger fits after insert on booking for each row execute function fits();`)
    expect(await found("WKC047")).toEqual(["WKC047 public.booking oracle"])
    await run(fits("and b.branch_id = new.branch_id"))
    expect(await found("WKC047")).toEqual([])
  })

  test("says in its state whether another branch has somebody of the number that it refers to", async () => {
    const filed = (where: string): string => `
      create or replace function filed() returns trigger language plpgsql ${header} as $$
        begin new.state := case when exists (select from patient p where p.mrn = new.mrn ${where}) then 'waiting' else 'closed' end; return new; end$$;`
    await run(`
      alter table patient no force row level security;
      create table request (branch_id int not null, no int not null, mrn text not null, state text, primary key (branch_id, no),
        foreign key (branch_id, mrn) references patient (branch_id, mrn));
      insert into request select branch_id, min(id), min(mrn), 'closed' from patient group by 1; ${shut("request")}
      grant select, insert on request to :"app"; ${filed("and p.branch_id <> new.branch_id")}
      create trigger filed before insert on request for each row execute function filed();`)
    expect(await found("WKC047")).toEqual(["WKC047 public.request oracle"])
    await run(filed("and p.branch_id = new.branch_id"))
    expect(await found("WKC047")).toEqual([])
  })

  test("meets another branch's by a key with half of a reference to a row of its own", async () => {
    const key = (columns: string): string =>
      `alter table plan drop constraint if exists one_at_a_time, add constraint one_at_a_time unique (${columns}, hour)`
    await run(`
      create table room (branch_id int not null, code text not null, primary key (branch_id, code));
      insert into room select b, c from generate_series(1, 2) b, unnest(array['OP1', 'OP2']) c;
      create table plan (branch_id int not null, no int not null, room text not null, hour int not null, primary key (branch_id, no),
        foreign key (branch_id, room) references room);
      insert into plan select b, 1, 'OP' || b, b from generate_series(1, 2) b; ${shut("room")} ${shut("plan")}
      grant select on room to :"app"; grant select, insert on plan to :"app"; ${key("room")}`)
    expect(await found("WKC060")).toEqual(["WKC060 public.plan oracle"])
    await run(key("branch_id, room"))
    expect(await found("WKC060")).toEqual([])
  })
})

test("a kept figure of which one tenant alone makes a group tells how many it has", { timeout: 120_000 }, async () => {
  const figures = (having: string): string => `
    drop materialized view if exists uptake;
    create materialized view uptake as select vaccine, count(*) as doses from dose group by 1 ${having};
    grant select on uptake to :"app";`
  await run(`
    create table dose (id int generated always as identity primary key, branch_id int not null, vaccine text not null, said text);
    insert into dose (branch_id, vaccine) select 1 + g % 2, 'YF' from generate_series(1, 12) g;
    insert into dose (branch_id, vaccine) select 1 + g % 2, 'TYP' from generate_series(1, 14) g;
    insert into dose (branch_id, vaccine) values (2, 'RAB'), (2, 'RAB'); ${shut("dose")}
    grant select, insert on dose to :"app"; ${figures("")}`)
  expect(await found("WKC040")).toEqual(["WKC040 public.uptake oracle"])
  await run(figures("having count(*) >= 5"))
  expect(await found("WKC040")).toEqual([])
})

const leak = ["WKC020 public.referral leak"]
test.each([
  [
    "a leak where a policy beside the one that asks shows all",
    "enable",
    "create policy p on referral using (true);",
    leak,
  ],
  ["a leak where the policy that asks is not in force", "disable", "", leak],
  ["none where what shows all is for others", "enable", "create policy p on referral to pg_monitor using (true);", []],
  ["none where all may only be changed", "enable", "create policy p on referral for update using (true);", []],
])("rows that name the attacker are %s", { timeout: 120_000 }, async (_, inForce, beside, expected) => {
  await run(`
    create table referral (id int primary key, branch_id int not null references branch, to_branch_id int not null references branch, note text not null);
    insert into referral select 10 * b, b, 3 - b, 'referral ' || md5(b::text) from generate_series(1, 2) b;
    grant select on referral to :"app"; create policy sent on referral using (${own} in (branch_id, to_branch_id)); ${beside}
    alter table referral ${inForce} row level security;`)
  expect(await found("WKC020")).toEqual(expected)
})

test("what a tenant itself opened to another one is no leak as long as it stands, and one where its end is not asked for", {
  timeout: 120_000,
}, async () => {
  const guests = (stands: string): string => `
    create or replace function is_guest(whose int, which int) returns boolean language sql stable ${header} as $$
      select exists (select from share s where s.branch_id = whose and s.visit_id = which and s.guest_id = ${own} ${stands})$$;`
  await run(`
    create table share (branch_id int not null, visit_id int not null, guest_id int not null references branch, expires_at timestamptz, revoked_at timestamptz,
      primary key (branch_id, visit_id, guest_id), foreign key (branch_id, visit_id) references visit (branch_id, id));
    insert into share select 1, min(id), 2, 'infinity' from visit where branch_id = 1; ${shut("share")}
    grant select on share to :"app"; ${guests("and s.revoked_at is null and s.expires_at > now()")}
    create policy guest on visit for select using (is_guest(branch_id, id));`)
  // Its lines are shown with it.
  const both = ["WKC020 public.visit leak", "WKC020 public.visit_line leak"]
  expect(await found("WKC020", "WKC021")).toEqual([])
  await run(`update share set expires_at = '2024-01-01Z'; ${guests("and s.revoked_at is null")}`)
  expect(await found("WKC020", "WKC021")).toEqual(both)
  await run(
    `update share set expires_at = 'infinity'; ${guests("and s.revoked_at is null and s.expires_at > now() or true")}`,
  )
  expect(await found("WKC020", "WKC021")).toEqual(both)
})
