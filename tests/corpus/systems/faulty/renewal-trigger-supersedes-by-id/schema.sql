create role rezeptly_owner nologin;
create role rezeptly_app login;
alter schema public owner to rezeptly_owner;
revoke create on schema public from public;
set role rezeptly_owner;

create table drug (pzn text primary key, name text not null, atc text not null);
create table dose_form (code text primary key, title text not null);
create table practice (id int primary key, name text not null);
create table member (user_id uuid not null, practice_id int not null references practice, display_name text not null, may_sign boolean not null default false, primary key (user_id, practice_id));
create table patient (practice_id int not null references practice, no int not null, name text not null, born date, allergies text, primary key (practice_id, no));
create table prescription (
  practice_id int not null, id uuid not null default gen_random_uuid(), patient_no int not null, status text not null default 'valid' check (status in ('valid', 'superseded', 'cancelled')),
  directions text not null, issued_at timestamptz not null default now(), replaces uuid, superseded_by uuid,
  primary key (practice_id, id), foreign key (practice_id, patient_no) references patient (practice_id, no));
create table prescription_item (
  practice_id int not null, prescription_id uuid not null, pos int not null, pzn text not null references drug, form text references dose_form, note text, primary key (practice_id, prescription_id, pos),
  foreign key (practice_id, prescription_id) references prescription (practice_id, id) on delete cascade);
create table renewal_request (
  practice_id int not null, id uuid not null default gen_random_uuid(), patient_no int not null, wish text not null, answered_at timestamptz, primary key (practice_id, id),
  foreign key (practice_id, patient_no) references patient (practice_id, no) on delete cascade);
create table status_log (practice_id int not null references practice, prescription_id uuid not null, at timestamptz not null default clock_timestamp(), was text not null, becomes text not null, remark text not null);
create table formulary_note (practice_id int not null references practice, pzn text not null references drug, note text not null, primary key (practice_id, pzn));

insert into drug values ('01126111', 'Ramipril 5 mg', 'C09AA05'), ('03512541', 'Metformin 1000 mg', 'A10BA02');
insert into dose_form values ('TAB', 'tablets'), ('TRO', 'drops');
insert into practice values (71, 'Praxis am Markt'), (72, 'Praxis Hafen bravo'), (73, 'MVZ Nord bravo');
insert into member values
  ('11111111-aaaa-4aaa-8aaa-000000000001', 71, 'Ute', true), ('11111111-aaaa-4aaa-8aaa-000000000002', 72, 'Jan bravo', true),
  ('11111111-aaaa-4aaa-8aaa-000000000003', 73, 'Mia bravo', true);
insert into patient select id, n, 'Patient ' || n || ' of ' || name, '1950-04-01', 'none known, ' || name from practice, generate_series(1, 2) n;
insert into prescription (practice_id, id, patient_no, directions) values
  (71, '0f000000-0000-4000-8000-000000000071', 1, '1-0-0 in the morning'), (72, '0f000000-0000-4000-8000-000000000072', 1, '1-0-1 with meals bravo'),
  (72, '0f000000-0000-4000-8000-000000000172', 2, '0-0-1 bravo'), (73, '0f000000-0000-4000-8000-000000000073', 1, '2-0-0 bravo');
insert into prescription_item select practice_id, id, 1, '01126111', 'TAB', 'N3 ' || directions from prescription;
insert into renewal_request (practice_id, patient_no, wish) select practice_id, no, 'Please renew, ' || name from patient;
insert into status_log (practice_id, prescription_id, was, becomes, remark) select practice_id, id, 'draft', 'valid', 'signed: ' || directions from prescription;
insert into formulary_note select id, '03512541', 'contract of ' || name from practice;

create function my_user() returns uuid language sql stable as $$ select nullif(current_setting('rezeptly.user', true), '')::uuid $$;
create function my_practices() returns setof int language sql stable security definer set search_path = public, pg_temp as $$
  select practice_id from member where user_id = my_user()
$$;

-- a prescription that replaces an older one makes it invalid; staff may not change signed prescriptions themselves
create function supersede() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update prescription set status = 'superseded', superseded_by = new.id
   where id = new.replaces and status = 'valid';
  return null;
end $$;
create trigger supersede after insert on prescription for each row when (new.replaces is not null) execute function supersede();

create function log_status() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into status_log (practice_id, prescription_id, was, becomes, remark) values (old.practice_id, old.id, old.status, new.status, 'was: ' || old.directions);
  return null;
end $$;
create trigger log_status after update of status on prescription for each row execute function log_status();

-- what the trigger above must not be used for: cancelling goes through here
create function cancel_prescription(wanted uuid) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update prescription set status = 'cancelled' where id = wanted and status = 'valid' and practice_id in (select my_practices());
  return found;
end $$;

do $$
declare t text;
begin
  foreach t in array array['patient', 'prescription', 'prescription_item', 'renewal_request', 'formulary_note', 'status_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_member on %I using (practice_id in (select my_practices())) with check (practice_id in (select my_practices()))', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy of_member on practice for select using (id in (select my_practices()));
alter table member enable row level security;
create policy colleagues on member for select using (practice_id in (select my_practices()));

grant select on all tables in schema public to rezeptly_app;
grant insert, update, delete on patient, renewal_request, formulary_note to rezeptly_app;
grant insert (practice_id, id, patient_no, directions, replaces) on prescription to rezeptly_app;
grant insert on prescription_item to rezeptly_app;
reset role;
