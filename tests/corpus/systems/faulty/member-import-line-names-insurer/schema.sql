create role mil_owner nologin;
create role mil_portal login;
create schema tpa;
grant usage, create on schema tpa to mil_owner;
grant usage on schema tpa to mil_portal;
set role mil_owner;
set search_path = tpa;

create table procedure_code (code text primary key, label text not null);
create table insurer (id text primary key, name text not null);
create table portal_user (insurer_id text not null references insurer, login text not null, full_name text not null, primary key (insurer_id, login));
create table portal_session (
  token text primary key, insurer_id text not null, login text not null, device text, expires_at timestamptz not null,
  foreign key (insurer_id, login) references portal_user
);
create table plan (insurer_id text not null references insurer, code text not null, title text not null, primary key (insurer_id, code));
create table member (
  insurer_id text not null, member_no text not null, name text not null, plan_code text, iban text,
  primary key (insurer_id, member_no), foreign key (insurer_id, plan_code) references plan
);
create table claim (
  insurer_id text not null, no int not null, member_no text not null, procedure text references procedure_code, diagnosis text, amount numeric(10, 2),
  primary key (insurer_id, no), foreign key (insurer_id, member_no) references member
);
create table payout (
  insurer_id text not null, claim_no int not null, paid_on date not null, note text,
  primary key (insurer_id, claim_no), foreign key (insurer_id, claim_no) references claim
);
create table import_batch (insurer_id text not null references insurer, no int not null, kind text not null, file_name text not null, done_at timestamptz, primary key (insurer_id, no), check (kind in ('member', 'claim')));
create table import_line (
  insurer_id text not null, batch_no int not null, line int not null, fields jsonb not null,
  primary key (insurer_id, batch_no, line), foreign key (insurer_id, batch_no) references import_batch on delete cascade
);

insert into procedure_code values ('p10', 'X-ray'), ('p20', 'Physiotherapy');
insert into insurer values ('ACME', 'Acme Health'), ('BRV', 'bravo Mutual'), ('CIV', 'Civic bravo Fund');
insert into portal_user values ('ACME', 'ada', 'Ada'), ('BRV', 'bob', 'Bob bravo'), ('CIV', 'cat', 'Cat bravo');
insert into portal_session values
  ('tok-ada-5f1c', 'ACME', 'ada', 'desk 1', 'infinity'), ('tok-bob-77aa', 'BRV', 'bob', 'bravo desk', 'infinity'),
  ('tok-cat-90be', 'CIV', 'cat', 'bravo laptop', 'infinity'), ('tok-bob-old', 'BRV', 'bob', 'bravo phone', '2020-01-01Z');
insert into plan values ('ACME', 'gold', 'Gold'), ('BRV', 'gold', 'bravo Gold'), ('CIV', 'basic', 'bravo Basic');
insert into member values
  ('ACME', 'm1', 'Alan', 'gold', 'DE01'), ('BRV', 'm1', 'Bella bravo', 'gold', 'DE02'), ('BRV', 'm2', 'Ben bravo', 'gold', 'DE03'), ('CIV', 'm1', 'Cher bravo', 'basic', 'DE04');
insert into claim values ('ACME', 1, 'm1', 'p10', 'S52', 100), ('BRV', 1, 'm1', 'p20', 'bravo M54', 80), ('CIV', 1, 'm1', 'p20', 'bravo F32', 90);
insert into payout values ('ACME', 1, '2024-01-01', 'ok'), ('BRV', 1, '2024-01-01', 'bravo ok'), ('CIV', 1, '2024-01-01', 'bravo ok');
insert into import_batch values ('ACME', 1, 'member', 'jan.csv', now()), ('BRV', 1, 'member', 'bravo.csv', now()), ('CIV', 1, 'claim', 'bravo-c.csv', now());
insert into import_line values
  ('ACME', 1, 1, '{"member_no": "m1", "name": "Alan", "plan": "gold"}'), ('BRV', 1, 1, '{"member_no": "m1", "name": "Bella bravo", "plan": "gold"}'),
  ('CIV', 1, 1, '{"member_no": "m1", "diagnosis": "bravo F32"}');

-- Who is signed in is what the session says, not what the portal claims.
create function signed_in_insurer() returns text
language sql stable security definer set search_path = pg_catalog, tpa, pg_temp as $$
  select insurer_id from portal_session where token = nullif(current_setting('portal.token', true), '') and expires_at > now()
$$;

do $$
declare t text;
begin
  foreach t in array array['portal_user', 'portal_session', 'plan', 'member', 'claim', 'payout', 'import_batch', 'import_line'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_insurer on %I using (insurer_id = (select tpa.signed_in_insurer()))', t);
  end loop;
end $$;
alter table insurer enable row level security;
create policy own_insurer on insurer using (id = (select tpa.signed_in_insurer()));

-- Takes a staged file over. Only administrators may change members by hand, hence the owner's rights.
create function commit_import(p_batch int) returns int
language plpgsql security definer set search_path = pg_catalog, tpa, pg_temp as $$
declare
  v_insurer text := signed_in_insurer();
  v_kind text;
  n int := 0;
begin
  select kind into v_kind from import_batch where insurer_id = v_insurer and no = p_batch and done_at is null for update;
  if not found then
    raise exception 'no open import %', p_batch;
  end if;
  if v_kind = 'member' then
    -- The clearing house's layout has a column for the insurer; files from before 2022 leave it empty.
    insert into member as m (insurer_id, member_no, name, plan_code, iban)
    select coalesce(nullif(f.insurer, ''), v_insurer), f.member_no, f.name, f.plan, f.iban
      from import_line l
      cross join lateral jsonb_to_record(l.fields) as f (insurer text, member_no text, name text, plan text, iban text)
     where l.insurer_id = v_insurer and l.batch_no = p_batch
    on conflict (insurer_id, member_no) do update
      set name = excluded.name, plan_code = coalesce(excluded.plan_code, m.plan_code), iban = coalesce(excluded.iban, m.iban);
  else
    insert into claim (insurer_id, no, member_no, procedure, diagnosis, amount)
    select v_insurer, f.no, f.member_no, f.procedure, f.diagnosis, f.amount
      from import_line l
      cross join lateral jsonb_to_record(l.fields) as f (no int, member_no text, procedure text, diagnosis text, amount numeric)
     where l.insurer_id = v_insurer and l.batch_no = p_batch
    on conflict (insurer_id, no) do nothing;
  end if;
  get diagnostics n = row_count;
  update import_batch set done_at = now() where insurer_id = v_insurer and no = p_batch;
  return n;
end $$;

revoke execute on all functions in schema tpa from public;
grant execute on all functions in schema tpa to mil_portal;
grant select on procedure_code, insurer, portal_user, plan, member, claim, payout to mil_portal;
grant select, insert, delete on import_line to mil_portal;
grant select, insert, delete on import_batch to mil_portal;
grant update (diagnosis, amount) on claim to mil_portal;
reset search_path;
reset role;
