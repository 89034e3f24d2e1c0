create role gutacht_owner nologin;
create role gutacht_keys nologin;
create role gutacht_portal login;
create schema ctx authorization gutacht_keys;
create schema portal authorization gutacht_owner;

set role gutacht_keys;
create table ctx.signing_key (kid text primary key, secret bytea not null, retired_at timestamptz);
insert into ctx.signing_key values ('k1', '\x4f1d3c0b9a7788665544332211ffeeddccbbaa99', '2025-12-31 00:00+00'), ('k2', '\x9e2b7d51c64a0f83b5d2e17a6c49f80312ab34cd56ef7890', null);
-- kid.insurer.expiry.signature: what the login service hands out. A setting alone is anybody's to write; a signature is not.
create function ctx.insurer() returns text language plpgsql stable security definer set search_path = ctx, pg_temp as $$
declare
  part text[] := string_to_array(current_setting('portal.pass', true), '.');
  key bytea;
begin
  if coalesce(array_length(part, 1), 0) <> 4 or part[3] !~ '^[0-9]{1,12}$' then
    return null;
  end if;
  select s.secret into key from signing_key s where s.kid = part[1] and s.retired_at is null;
  if key is null or part[3]::bigint < extract(epoch from now()) then
    return null;
  end if;
  if encode(sha256(key || sha256(key || convert_to(part[1] || '.' || part[2] || '.' || part[3], 'UTF8'))), 'hex') <> part[4] then
    return null;
  end if;
  return part[2];
end $$;
revoke execute on function ctx.insurer() from public;
grant usage on schema ctx to gutacht_owner, gutacht_portal;
grant execute on function ctx.insurer() to gutacht_owner, gutacht_portal;
reset role;

set role gutacht_owner;
set search_path = portal;
create table icd10 (code text primary key, title text not null);
create table claim_kind (code text primary key, title text not null, reserve numeric not null);
create table insurer (code text primary key, name text not null);
create table clerk (insurer text not null references insurer, short text not null, full_name text not null, primary key (insurer, short));
create table insured (insurer text not null references insurer, policy_no text not null, full_name text not null, born date, primary key (insurer, policy_no));
create table claim (insurer text not null, year int not null, no int not null, policy_no text not null, kind text not null references claim_kind, clerk text, story text,
  primary key (insurer, year, no),
  foreign key (insurer, policy_no) references insured (insurer, policy_no),
  foreign key (insurer, clerk) references clerk (insurer, short));
create table diagnosis (insurer text not null, year int not null, no int not null, icd text not null references icd10, certainty char(1) not null, remark text, primary key (insurer, year, no, icd),
  foreign key (insurer, year, no) references claim on delete cascade);
create table opinion (insurer text not null, year int not null, no int not null, version int not null, expert text not null, body text not null, primary key (insurer, year, no, version),
  foreign key (insurer, year, no) references claim);
create table payout (insurer text not null, year int not null, no int not null, paid_on date not null, amount numeric not null, purpose text, primary key (insurer, year, no, paid_on),
  foreign key (insurer, year, no) references claim);
create table reading_log (insurer text not null references insurer, id uuid not null default gen_random_uuid(), what text not null, at timestamptz not null default now(), primary key (insurer, id));

create function next_claim_no(in_year int) returns int language sql security definer set search_path = portal, pg_temp as $$
  select coalesce(max(c.no), 0) + 1 from claim c where c.insurer = ctx.insurer() and c.year = in_year
$$;
-- opening an opinion leaves a trace, so it goes through a function
create function read_opinion(of_year int, of_no int) returns setof opinion language plpgsql security definer set search_path = portal, pg_temp as $$
begin
  insert into reading_log (insurer, what)
    select o.insurer, format('opinion %s/%s version %s', o.year, o.no, o.version) from opinion o
     where o.insurer = ctx.insurer() and o.year = of_year and o.no = of_no;
  return query select o.* from opinion o where o.insurer = ctx.insurer() and o.year = of_year and o.no = of_no order by o.version;
end $$;

insert into icd10 values ('S83.2', 'Tear of meniscus'), ('M51.2', 'Disc displacement');
insert into claim_kind values ('ACC', 'Accident', 5000), ('DIS', 'Disability', 40000);
insert into insurer values ('nordmut', 'Nordmutual'), ('lebensgut', 'Life bravo'), ('wachsam', 'Wardens bravo');
insert into clerk select code, 'KL', 'K. Lund, ' || name from insurer;
insert into insured select code, 'P-100' || n, 'Insured ' || n || ', ' || name, '1980-10-10' from insurer, generate_series(1, 3) n;
insert into claim select insurer, 2026, right(policy_no, 1)::int, policy_no, 'ACC', 'KL', 'fell from a ladder, ' || full_name from insured;
insert into diagnosis select insurer, year, no, 'S83.2', 'G', 'left, ' || story from claim;
insert into opinion select insurer, year, no, 1, 'Prof. Ahl', 'Reduced by 20 %, ' || story from claim;
insert into payout select insurer, year, no, '2026-05-05', 900, 'first instalment, ' || story from claim;
insert into reading_log (insurer, what) select code, 'list of claims of ' || name from insurer;

alter table insurer enable row level security;
create policy own on insurer for select using (code = (select ctx.insurer()));
do $$
declare t text;
begin
  foreach t in array array['clerk', 'insured', 'claim', 'diagnosis', 'opinion', 'payout', 'reading_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own on %I using (insurer = (select ctx.insurer()))', t);
  end loop;
end $$;

grant usage on schema portal to gutacht_portal;
grant select on icd10, claim_kind, insurer, clerk, insured, claim, diagnosis, payout, reading_log to gutacht_portal;
grant insert, update, delete on clerk, insured, claim, diagnosis, payout to gutacht_portal;
revoke execute on function next_claim_no(int), read_opinion(int, int) from public;
grant execute on function next_claim_no(int), read_opinion(int, int) to gutacht_portal;
reset role;
reset search_path;
