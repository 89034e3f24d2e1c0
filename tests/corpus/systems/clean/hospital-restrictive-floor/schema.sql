create role flr_owner nologin;
create role flr_api login;
create schema hms authorization flr_owner;
grant usage on schema hms to flr_api;
set role flr_owner;
create table hms.admission (hospital_id uuid not null, id uuid not null default gen_random_uuid(), patient_name text not null, diagnosis text, primary key (hospital_id, id));
create table hms.vital (hospital_id uuid not null, admission_id uuid not null, taken timestamptz not null, note text, primary key (hospital_id, admission_id, taken),
  foreign key (hospital_id, admission_id) references hms.admission);
insert into hms.admission values
  ('7c9e6679-7425-40de-944b-e07fc1f90ae7', '00000000-0000-4000-8000-000000000001', 'Divya', 'dengue'),
  ('16fd2706-8baf-433b-82eb-8c7fada847da', '00000000-0000-4000-8000-000000000002', 'Farah bravo', 'bravo sepsis');
insert into hms.vital values
  ('7c9e6679-7425-40de-944b-e07fc1f90ae7', '00000000-0000-4000-8000-000000000001', '2026-01-03 10:00Z', 'stable'),
  ('16fd2706-8baf-433b-82eb-8c7fada847da', '00000000-0000-4000-8000-000000000002', '2026-01-04 10:00Z', 'bravo shock');
alter table hms.admission enable row level security, force row level security;
alter table hms.vital enable row level security, force row level security;
create policy everybody on hms.admission using (true) with check (true);
create policy everybody on hms.vital using (true) with check (true);
create policy fence on hms.admission as restrictive using (hospital_id = (select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'hospital')::uuid));
create policy fence on hms.vital as restrictive using (hospital_id = (select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'hospital')::uuid));
grant select, insert, update, delete on hms.admission, hms.vital to flr_api;
reset role;
