create role dapd_owner nologin;
create role dapd_app login;
alter schema public owner to dapd_owner;
set role dapd_owner;
create table delegation (practice_id uuid not null, to_practice uuid not null, purpose text not null, days daterange not null, revoked_at timestamptz, primary key (practice_id, to_practice, purpose, days));
create table case_note (practice_id uuid not null, no int not null, patient text not null, note text not null, primary key (practice_id, no));
insert into delegation values
  ('0b000000-0000-4000-8000-000000000002', '0b000000-0000-4000-8000-000000000001', 'phone', '[2020-01-01,2190-01-01)', null),
  ('0b000000-0000-4000-8000-000000000002', '0b000000-0000-4000-8000-000000000001', 'clinical', '[2020-01-01,2020-02-01)', null),
  ('0b000000-0000-4000-8000-000000000002', '0b000000-0000-4000-8000-000000000001', 'clinical', '[2180-01-01,2190-02-01)', null),
  ('0b000000-0000-4000-8000-000000000002', '0b000000-0000-4000-8000-000000000001', 'clinical', '[2020-03-01,2190-01-01)', '2020-03-02');
insert into case_note values ('0b000000-0000-4000-8000-000000000001', 1, 'Aditi', 'flu'), ('0b000000-0000-4000-8000-000000000002', 1, 'Baldev bravo', 'bravo depression');
create function delegated_to_me(purpose text) returns uuid[] language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(array_agg(d.practice_id), '{}') from public.delegation d
   where d.to_practice = nullif(current_setting('dapd.practice', true), '')::uuid and d.purpose = delegated_to_me.purpose
     and d.days @> current_date and d.revoked_at is null $$;
alter table case_note enable row level security, force row level security;
create policy own on case_note using (practice_id = (select nullif(current_setting('dapd.practice', true), '')::uuid));
create policy delegated on case_note for select using (practice_id = any ((select delegated_to_me('clinical'))::uuid[]));
revoke execute on function delegated_to_me from public;
grant execute on function delegated_to_me to dapd_app;
grant select, insert, update, delete on case_note to dapd_app;
reset role;
