import { describe, expect, test } from "vitest"
import { useBaseSystem } from "#tests/fixture/base-system.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const db = useDatabase()
const system = useBaseSystem(db)
const { run } = system
const setting = "nullif(current_setting('app.branch', true), '')::int"
const checks = ["WKC012", "WKC020", "WKC021", "WKC040", "WKC041", "WKC042"]

/** What is more than a remark. */
const found = async (only = checks): Promise<string[]> => {
  const { findings } = await system.verify(only)
  return findings.filter(({ severity }) => severity !== "hygiene").map(({ check, object }) => `${check} ${object}`)
}

describe("rows that are for another branch", () => {
  const stands = `r.to_branch = ${setting} and r.sent_at is not null and r.withdrawn_at is null`
  const received = (condition: string): string =>
    `drop policy if exists received on referral; create policy received on referral for select using (${condition.replaceAll("r.", "")});`
  const sentAlong = (condition: string): string =>
    `drop policy if exists sent_along on finding; create policy sent_along on finding for select using (exists (${condition}));`
  const along = `select from attached a join referral r on (r.branch_id, r.no) = (a.branch_id, a.referral_no)
    where (a.branch_id, a.finding_no) = (finding.branch_id, finding.no) and ${stands}`
  // Of each branch one that was sent, a draft, and one that was taken back.
  const referrals = `
    create table finding (branch_id int not null references branch, no int not null, body text not null, primary key (branch_id, no));
    create table referral (branch_id int not null references branch, no int not null, to_branch int not null references branch, question text not null,
      sent_at timestamptz, withdrawn_at timestamptz, arrived_at timestamptz, primary key (branch_id, no));
    create table attached (branch_id int not null, referral_no int not null, finding_no int not null, caption text not null, primary key (branch_id, referral_no, finding_no),
      foreign key (branch_id, referral_no) references referral, foreign key (branch_id, finding_no) references finding);
    insert into finding select b, n, 'finding ' || md5(b || 'f' || n) from generate_series(1, 2) b, generate_series(1, 4) n;
    insert into referral select b, n, 3 - b, 'question ' || md5(b || 'q' || n), case when n <> 2 then now() end, case when n = 3 then now() end from generate_series(1, 2) b, generate_series(1, 3) n;
    insert into attached select branch_id, no, no, 'caption ' || md5(branch_id || 'c' || no) from referral;
    alter table finding enable row level security; alter table referral enable row level security; alter table attached enable row level security;
    create policy own on finding using (branch_id = ${setting}); create policy own on referral using (branch_id = ${setting}); create policy own on attached using (branch_id = ${setting});
    ${received(stands)} ${sentAlong(along)}
    create policy received on attached for select using (exists (select from referral r where (r.branch_id, r.no) = (attached.branch_id, attached.referral_no) and ${stands}));
    grant select, insert, update, delete on finding, referral, attached to :"app";`
  const tray = (condition: string): string =>
    `create or replace view tray as select branch_id as from_branch, no, question from referral r where ${condition}; grant select on tray to :"app";`
  const inbox = (condition: string): string =>
    `create or replace function inbox() returns bigint language sql stable security definer set search_path = public, pg_temp as $$select count(*) from referral r where ${condition}$$;`
  const receive = (condition: string): string => `
    create or replace function receive(p_from int, p_no int) returns void language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      update referral r set arrived_at = now() where ${condition} and r.arrived_at is null;
      if not found then raise exception 'nothing of that kind is for you'; end if;
    end $$;`
  const whole = `${referrals} ${tray(stands)} ${inbox(stands)} ${receive(`r.branch_id = p_from and r.no = p_no and ${stands}`)}`

  test("are shown to it as agreed, with what was put along, and whatever shows or counts them tells nothing more", {
    timeout: 240_000,
  }, async () => {
    await run(whole)
    expect(await found()).toEqual([])
    const { notCovered } = await system.verify(["WKC020"])
    expect(notCovered.filter((one) => one.includes("itself opened to it by rows of public.referral")).join()).toMatch(
      /public\.attached.*public\.finding.*public\.referral/,
    )
  })

  test.each([
    [
      "the one that was taken back",
      received(`r.to_branch = ${setting} and r.sent_at is not null`),
      "WKC020 public.referral",
    ],
    ["drafts", received(`r.to_branch = ${setting} and r.withdrawn_at is null`), "WKC020 public.referral"],
    [
      "whatever was put along with any",
      `create function is_attached(b int, n int) returns boolean language sql stable security definer set search_path = public, pg_temp as
        $$select exists (select from attached a join referral r on (r.branch_id, r.no) = (a.branch_id, a.referral_no) where a.branch_id = b and a.finding_no = n and r.to_branch = ${setting})$$;
      drop policy sent_along on finding; create policy sent_along on finding for select using (is_attached(branch_id, no));`,
      "WKC020 public.finding",
    ],
    [
      "all findings of whoever sent one",
      sentAlong(`select from referral r where r.branch_id = finding.branch_id and ${stands}`),
      "WKC020 public.finding",
    ],
    ["all of them in a view", tray("true"), "WKC040 public.tray"],
    [
      "what is below one that was only put along",
      `create table finding_line (branch_id int not null, finding_no int not null, no int not null, words text not null, primary key (branch_id, finding_no, no), foreign key (branch_id, finding_no) references finding);
      insert into finding_line select branch_id, no, 1, 'line ' || md5(branch_id || 'l' || no) from finding; alter table finding_line enable row level security;
      create policy own on finding_line using (exists (select from finding f where (f.branch_id, f.no) = (finding_line.branch_id, finding_no))); grant select on finding_line to :"app";`,
      "WKC020 public.finding_line",
    ],
    [
      "drafts of what is below one",
      `create table reply (branch_id int not null, referral_no int not null, no int not null, body text not null, sent_at timestamptz, primary key (branch_id, referral_no, no), foreign key (branch_id, referral_no) references referral);
      insert into reply select branch_id, no, n, 'reply ' || md5(branch_id || 'r' || no || n), case n when 1 then now() end from referral, generate_series(1, 2) n; alter table reply enable row level security;
      create policy own on reply using (exists (select from referral r where (r.branch_id, r.no) = (reply.branch_id, referral_no))); grant select on reply to :"app";`,
      "WKC020 public.reply",
    ],
    [
      "one of many whose branch stands above",
      `create table reply (no int primary key, branch_no int not null, referral_no int not null, body text not null, foreign key (branch_no, referral_no) references referral);
      insert into reply select b * 10 + n, b, case when n < 9 then 1 else 2 end, 'reply ' || md5(b || 'r' || n) from generate_series(1, 2) b, generate_series(1, 9) n; alter table reply enable row level security;
      create function is_for(b int, n int) returns boolean language sql stable security definer set search_path = public, pg_temp as
        $$select exists (select from referral r where r.branch_id = b and r.no = n and ${setting} in (r.branch_id, r.to_branch))$$;
      create policy own on reply using (is_for(branch_no, referral_no)); grant select on reply to :"app";`,
      "WKC020 public.reply",
    ],
    [
      "what stands beside its words in another row",
      `create table price (branch_id int not null references branch, no int not null, question text not null, price text not null, primary key (branch_id, no));
      insert into price select branch_id, no, question, 'costs ' || md5(branch_id || 'p' || no) from referral; alter table price enable row level security;
      create policy own on price using (branch_id = ${setting}); grant select on price to :"app";
      create function prices() returns table (word text, cents text) language sql stable security definer set search_path = public, pg_temp as
        $$select question, price from price$$;`,
      "WKC041 public.prices",
    ],
    ["how many there are of all", inbox("true"), "WKC041 public.inbox"],
    ["how many drafts there are", inbox(`r.to_branch = ${setting}`), "WKC041 public.inbox"],
  ])("are a leak where it is shown more: %s", { timeout: 240_000 }, async (_, fault, expected) => {
    await run(whole + fault)
    expect(await found()).toContain(expected)
  })

  const moved = (statement: string): string => `
    create or replace function receive(p_from int, p_no int) returns void language plpgsql security definer set search_path = public, pg_temp as $$
    begin
      if not exists (select from referral r where r.branch_id = p_from and r.no = p_no and ${stands} and r.arrived_at is null) then raise exception 'nothing of that kind is for you'; end if;
      ${statement}
    end $$;`

  test.each([
    ["attaches what was not put along", "insert into attached values (p_from, p_no, 4, 'attached later');"],
    ["takes it away", "delete from attached a where a.branch_id = p_from and a.referral_no = p_no;"],
    [
      "writes what it says",
      "update referral r set question = 'another one' where r.branch_id = p_from and r.no = p_no;",
    ],
    ["sends it on", "update referral r set to_branch = p_from where r.branch_id = p_from and r.no = p_no;"],
  ])("are a leak where its receiver %s", { timeout: 240_000 }, async (_, statement) => {
    await run(whole + moved(statement))
    expect(await found(["WKC041"])).toEqual(["WKC041 public.receive"])
  })

  test("are for a person to judge where its receiver books one in", { timeout: 240_000 }, async () => {
    await run(whole)
    const { checks: judged } = await system.verify(["WKC041"])
    expect(judged.map(({ verdict, reason }) => `${verdict} ${reason}`).join()).toMatch(
      /^INCONCLUSIVE .*whom they are for.*receive/,
    )
  })

  test("may come by two ways, and say when a reminder of it was sent", { timeout: 240_000 }, async () => {
    await run(`${whole} alter table referral add reminder_sent_at timestamptz;
      create table bill (branch_id int not null references branch, no int not null, to_branch int not null references branch, finding_no int not null, note text not null,
        primary key (branch_id, no), foreign key (branch_id, finding_no) references finding);
      insert into bill select b, 1, 3 - b, 4, 'bill ' || md5(b || 'b') from generate_series(1, 2) b; alter table bill enable row level security;
      create policy own on bill using (branch_id = ${setting}); create policy billed on bill for select using (to_branch = ${setting}); grant select on bill to :"app";
      create policy billed on finding for select using (exists (select from bill b where (b.branch_id, b.finding_no) = (finding.branch_id, finding.no) and b.to_branch = ${setting}));`)
    expect(await found()).toEqual([])
  })

  test.each([
    ["in whatever state it is", "r.branch_id = p_from and r.no = p_no"],
    [
      "and others of the sender along with it",
      `r.branch_id = p_from and exists (select from referral m where m.branch_id = p_from and m.no = p_no and m.to_branch = ${setting})`,
    ],
  ])("are a leak where its receiver changes one %s", { timeout: 240_000 }, async (_, condition) => {
    await run(whole + receive(condition))
    expect(await found(["WKC041"])).toEqual(["WKC041 public.receive"])
  })

  test("are an answer to it where the key names both, and nobody's business where another column does", {
    timeout: 240_000,
  }, async () => {
    await run(`create table answer (branch_id int not null references branch, from_branch int not null, no int not null, body text not null, primary key (branch_id, from_branch, no));
      insert into answer select b, 3 - b, n, 'answer ' || md5(b || 'a' || n) from generate_series(1, 2) b, generate_series(1, 2) n;
      alter table answer enable row level security; create policy own on answer using (branch_id = ${setting});
      create policy asked on answer for select using (from_branch = ${setting}); grant select, insert on answer to :"app";`)
    expect(await found(["WKC020", "WKC021"])).toEqual([])
    // Nothing is left to copy from that is not for the other branch, and the report says why.
    await run(
      `create view answers with (security_invoker = true) as select count(*) as n from answer; grant select on answers to :"app"`,
    )
    const { findings, notCovered } = await system.verify(["WKC040"])
    expect(findings).toEqual([])
    expect(notCovered.join()).toContain("open to another tenant as agreed")
    // A policy that is true of everything, or more rows than can be looked at, and nothing is accounted for.
    await run("create policy everything on answer for select using (true)")
    expect(await found(["WKC020"])).toEqual(["WKC020 public.answer"])
    await run(`drop policy everything on answer;
      insert into answer select b, 3 - b, n, 'more ' || n from generate_series(1, 2) b, generate_series(3, 1001) n`)
    expect(await found(["WKC020"])).toEqual(["WKC020 public.answer"])
    await run(
      "delete from answer where no > 2; alter table answer drop constraint answer_pkey, add primary key (branch_id, no)",
    )
    expect(await found(["WKC020"])).toEqual(["WKC020 public.answer"])
  })
})

describe("an invitation of one's own", () => {
  const accept = (branch: string): string => `
    create or replace function accept(p_code text, p_branch int) returns void language plpgsql security definer set search_path = public, pg_temp as $$
    declare one invitation;
    begin
      select * into one from invitation where code = p_code and person = ${setting} and accepted_at is null;
      if one.code is null then raise exception 'this invitation is not valid'; end if;
      update invitation set accepted_at = now() where branch_id = one.branch_id and code = one.code;
      insert into member values (${branch}, ${setting}) on conflict do nothing;
    end $$;`

  test.each([
    ["where members are shown", 'grant select on member to :"app";'],
    ["where nothing of it is shown but what it opens", ""],
  ])("is accepted for another branch: %s", { timeout: 240_000 }, async (_, granted) => {
    await run(`create table member (branch_id int not null references branch, person int not null, primary key (branch_id, person));
      create table invitation (branch_id int not null references branch, code text not null, person int not null, accepted_at timestamptz, primary key (branch_id, code));
      create table note (branch_id int not null references branch, no int not null, body text not null, primary key (branch_id, no));
      insert into member values (1, 1), (2, 2);
      insert into invitation values (1, 'come-north', 8), (1, 'come-east', 8), (1, 'come-west', 8), (1, 'come-up', 8), (1, 'once-more', 1), (2, 'come-south', 9), (2, 'again-please', 2);
      insert into note select b, n, 'note ' || md5(b || 'i' || n) from generate_series(1, 2) b, generate_series(1, 2) n;
      create function my_branches() returns setof int language sql stable security definer set search_path = public, pg_temp as
        $$select branch_id from member where person = ${setting}$$;
      alter table member enable row level security; alter table invitation enable row level security; alter table note enable row level security;
      create policy own on member using (branch_id in (select my_branches())); create policy own on invitation using (branch_id in (select my_branches()));
      create policy own on note using (branch_id in (select my_branches())); grant select on note, invitation to :"app"; ${granted} ${accept("p_branch")}`)
    expect(await found(["WKC041"])).toEqual(["WKC041 public.accept"])
    await run(accept("one.branch_id"))
    expect(await found(["WKC041"])).toEqual([])
  })
})
