create role hms_owner nologin;
create role hms_api login bypassrls;
create schema hms authorization hms_owner;
grant usage on schema hms to hms_api;
set role hms_owner;
create table hms.ward_type (id smallint primary key, label text);
create table hms.admission (
  hospital_id uuid not null, id uuid not null default gen_random_uuid(), patient_name text not null, ward smallint references hms.ward_type,
  admitted date not null, discharged date, diagnosis text, primary key (hospital_id, id), check (discharged >= admitted));
create table hms.vital (
  hospital_id uuid not null, admission_id uuid not null, taken timestamptz not null, pulse int, note text,
  primary key (hospital_id, admission_id, taken), foreign key (hospital_id, admission_id) references hms.admission);
insert into hms.ward_type values (1, 'general'), (2, 'icu');
insert into hms.admission values
  ('7c9e6679-7425-40de-944b-e07fc1f90ae7', '00000000-0000-4000-8000-000000000001', 'Divya N', 1, '2026-01-03', null, 'dengue'),
  ('16fd2706-8baf-433b-82eb-8c7fada847da', '00000000-0000-4000-8000-000000000002', 'Farah bravo', 2, '2026-01-04', null, 'bravo sepsis');
insert into hms.vital values
  ('7c9e6679-7425-40de-944b-e07fc1f90ae7', '00000000-0000-4000-8000-000000000001', '2026-01-03 10:00Z', 88, 'stable'),
  ('16fd2706-8baf-433b-82eb-8c7fada847da', '00000000-0000-4000-8000-000000000002', '2026-01-04 10:00Z', 131, 'bravo shock');
create function hms.my_hospital() returns uuid language sql stable set search_path = pg_catalog, pg_temp as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'hospital')::uuid $$;
alter table hms.admission enable row level security, force row level security;
alter table hms.vital enable row level security, force row level security;
create policy hospital on hms.admission using (hospital_id = (select hms.my_hospital()));
create policy hospital on hms.vital using (hospital_id = (select hms.my_hospital()));
grant select, insert, update, delete on hms.admission, hms.vital to hms_api;
grant select on hms.ward_type to hms_api;
reset role;
