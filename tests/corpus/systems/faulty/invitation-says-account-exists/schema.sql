create role tpa_owner nologin;
create role tpa_portal login;
create role tpa_signup nologin;
alter schema public owner to tpa_owner;
set role tpa_owner;

create table benefit (code text primary key, title text not null, share_percent int not null);
create table staff_role (code text primary key, title text not null);
create table insurer (id uuid primary key, name text not null);
create table account (id uuid primary key default gen_random_uuid(), insurer_id uuid not null references insurer, email text not null, full_name text not null, role text not null references staff_role,
  unique (email), check (email = lower(email)));
create table invitation (insurer_id uuid not null references insurer, email text not null, role text not null references staff_role, token_hash text not null, sent_at timestamptz not null default now(),
  primary key (insurer_id, email));
create table member (insurer_id uuid not null references insurer, no text not null, name text not null, born date, primary key (insurer_id, no));
create table cover (insurer_id uuid not null, member_no text not null, benefit text not null references benefit, since date not null, remark text, primary key (insurer_id, member_no, benefit),
  foreign key (insurer_id, member_no) references member (insurer_id, no) on delete cascade);
create table claim (insurer_id uuid not null, id uuid not null default gen_random_uuid(), member_no text not null, diagnosis text not null, state text not null default 'new', primary key (insurer_id, id),
  foreign key (insurer_id, member_no) references member (insurer_id, no));
create table claim_line (insurer_id uuid not null, claim_id uuid not null, line int not null, benefit text not null references benefit, amount numeric(10,2) not null, text text not null,
  primary key (insurer_id, claim_id, line), foreign key (insurer_id, claim_id) references claim (insurer_id, id) on delete cascade);
create table event (insurer_id uuid not null references insurer, id uuid not null default gen_random_uuid(), at timestamptz not null default now(), what text not null, primary key (insurer_id, id));

create function current_insurer() returns uuid language sql stable as $$ select nullif(current_setting('tpa.insurer', true), '')::uuid $$;

-- "Invite a colleague": an address can have one account only
create function invite_colleague(p_email text, p_role text) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_insurer uuid := current_insurer();
  v_email text := lower(trim(p_email));
begin
  if v_insurer is null then raise exception 'no insurer chosen'; end if;
  if not exists (select from staff_role r where r.code = p_role) then return 'unknown role'; end if;
  if exists (select from account a where a.email = v_email) then
    return 'this person already has an account';
  end if;
  insert into invitation (insurer_id, email, role, token_hash) values (v_insurer, v_email, p_role, encode(sha256(uuid_send(gen_random_uuid())), 'hex'))
  on conflict (insurer_id, email) do update set role = excluded.role, token_hash = excluded.token_hash, sent_at = now();
  insert into event (insurer_id, what) values (v_insurer, 'invited ' || v_email);
  return 'invited';
end $$;

create function log_claim() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into event (insurer_id, what) values (new.insurer_id, 'claim of ' || new.member_no || ' is ' || new.state || ': ' || new.diagnosis);
  return null;
end $$;
create trigger log after insert or update of state on claim for each row execute function log_claim();

insert into benefit values ('OUT', 'Outpatient', 80), ('DEN', 'Dental', 50);
insert into staff_role values ('clerk', 'Clerk'), ('doctor', 'Advising doctor');
insert into insurer values
  ('a0150000-1111-4000-8000-00000000000a', 'Alpenrose Mutual'),
  ('b0150000-1111-4000-8000-00000000000b', 'Bernina Mutual bravo'),
  ('c0150000-1111-4000-8000-00000000000c', 'Calanda Mutual bravo');
insert into account (insurer_id, email, full_name, role)
  select id, 'clerk' || n || '@' || split_part(lower(name), ' ', 1) || '.example', 'Clerk ' || n || ' of ' || name, 'clerk' from insurer, generate_series(1, 2) n;
insert into invitation select insurer_id, replace(email, 'clerk', 'new'), 'doctor', md5(email) || ' for ' || full_name from account;
insert into member select id, 'M' || n, 'Member ' || n || ' of ' || name, date '1950-02-02' + n from insurer, generate_series(1, 3) n;
insert into cover select insurer_id, no, 'OUT', '2025-01-01', 'without dental, ' || name from member;
insert into claim (insurer_id, member_no, diagnosis) select insurer_id, no, 'J20.9, ' || name from member;
insert into claim_line select insurer_id, id, 1, 'OUT', 120, 'Visit. ' || diagnosis from claim;

do $$
declare t text;
begin
  foreach t in array array['account', 'invitation', 'member', 'cover', 'claim', 'claim_line', 'event'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy insurer on %I using (insurer_id = current_insurer())', t);
  end loop;
end $$;
alter table insurer enable row level security;
create policy own on insurer for select using (id = current_insurer());
-- the sign-up service turns an invitation into an account
create policy signup on account to tpa_signup using (true);
create policy signup on invitation to tpa_signup using (true);

grant select on all tables in schema public to tpa_portal;
revoke select on invitation from tpa_portal;
grant select (insurer_id, email, role, sent_at) on invitation to tpa_portal;
grant delete on invitation to tpa_portal;
grant update (full_name) on account to tpa_portal;
grant insert, update, delete on member, cover, claim, claim_line to tpa_portal;
grant select, insert on account to tpa_signup;
grant select, delete on invitation to tpa_signup;
revoke execute on function invite_colleague(text, text) from public;
grant execute on function invite_colleague(text, text) to tpa_portal;
reset role;
