create role rsw_owner nologin;
create role rsw_app login;
alter schema public owner to rsw_owner;
set role rsw_owner;
create table antenatal_file (
  hospital_id uuid not null, file_no text not null, mother text not null, due date,
  shared_with uuid, shared_until date, primary key (hospital_id, file_no));
create table scan (hospital_id uuid not null, file_no text not null, taken date not null, report text,
  primary key (hospital_id, file_no, taken), foreign key (hospital_id, file_no) references antenatal_file);
insert into antenatal_file values
  ('a0000000-0000-4000-8000-000000000001', 'F1', 'Asha', '2026-09-01', null, null),
  ('b0000000-0000-4000-8000-000000000002', 'F1', 'Bela bravo', '2026-10-01', 'c0000000-0000-4000-8000-000000000003', '2199-12-31'),
  ('b0000000-0000-4000-8000-000000000002', 'F2', 'Banu bravo', '2026-10-05', null, null),
  ('c0000000-0000-4000-8000-000000000003', 'F1', 'Chitra bravo', '2026-11-01', null, null);
insert into scan values
  ('a0000000-0000-4000-8000-000000000001', 'F1', '2026-03-01', 'ok'), ('b0000000-0000-4000-8000-000000000002', 'F1', '2026-03-02', 'bravo');
alter table antenatal_file enable row level security, force row level security;
alter table scan enable row level security, force row level security;
create policy own on antenatal_file using (hospital_id = (select nullif(current_setting('app.hospital', true), '')::uuid));
create policy shared on antenatal_file for select using (shared_with is not null and shared_until >= current_date);
create policy own on scan using (hospital_id = (select nullif(current_setting('app.hospital', true), '')::uuid));
grant select, insert, update, delete on antenatal_file, scan to rsw_app;
reset role;
