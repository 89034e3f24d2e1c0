create role k5sm_owner nologin;
create role k5sm_app login;
alter schema public owner to k5sm_owner;
set role k5sm_owner;
create table membership (
  user_id uuid not null,
  clinic_id int not null,
  role text not null,
  remark text,
  deleted_at timestamptz,
  primary key (clinic_id, user_id)
);
create table patient (clinic_id int not null, no int not null, name text not null, born date, primary key (clinic_id, no));
create table prescription (clinic_id int not null, no int not null, patient_no int not null, drug text not null, primary key (clinic_id, no), foreign key (clinic_id, patient_no) references patient);
insert into membership values
  ('c0000000-0000-4000-8000-0000000000a1', 1, 'doctor', null, null),
  ('c0000000-0000-4000-8000-0000000000a1', 2, 'locum', 'bravo summer 2025', '2025-09-01'),
  ('c0000000-0000-4000-8000-0000000000b1', 2, 'doctor', 'bravo', null);
insert into patient values (1, 1, 'Sarah', '1970-05-05'), (2, 1, 'Qasim bravo', '1981-01-01');
insert into prescription values (1, 1, 1, 'amoxicillin'), (2, 1, 1, 'bravo methadone');
create function my_clinics() returns setof int language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select m.clinic_id from public.membership m where m.user_id = nullif(pg_catalog.current_setting('auth.uid', true), '')::uuid
$$;
revoke execute on function my_clinics() from public;
grant execute on function my_clinics() to k5sm_app;
alter table membership enable row level security;
alter table patient enable row level security;
alter table prescription enable row level security;
create policy member on patient using (clinic_id in (select my_clinics()));
create policy member on prescription using (clinic_id in (select my_clinics()));
grant select, insert, update on patient, prescription to k5sm_app;
reset role;
