create role rsn_owner nologin;
create role rsn_app login;
alter schema public owner to rsn_owner;
set role rsn_owner;
create table antenatal_file (
  hospital_id uuid not null, file_no text not null, mother text not null, due date,
  shared_with uuid, shared_until date, primary key (hospital_id, file_no));
insert into antenatal_file values
  ('a0000000-0000-4000-8000-000000000001', 'F1', 'Asha', '2026-09-01', null, null),
  ('b0000000-0000-4000-8000-000000000002', 'F1', 'Bela bravo', '2026-10-01', null, '2199-12-31'),
  ('b0000000-0000-4000-8000-000000000002', 'F2', 'Banu bravo', '2026-10-05', 'a0000000-0000-4000-8000-000000000001', '2020-01-01'),
  ('c0000000-0000-4000-8000-000000000003', 'F1', 'Chitra bravo', '2026-11-01', null, null);
create function my_hospital() returns uuid language sql stable as $$ select nullif(current_setting('app.hospital', true), '')::uuid $$;
alter table antenatal_file enable row level security, force row level security;
create policy own on antenatal_file using (hospital_id = (select my_hospital()));
create policy shared on antenatal_file for select using (shared_with = (select my_hospital()) and shared_until >= current_date);
grant select, insert, update, delete on antenatal_file to rsn_app;
reset role;
