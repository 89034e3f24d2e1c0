create role k5cp_owner nologin;
create role k5cp_app login;
alter schema public owner to k5cp_owner;
set role k5cp_owner;
create table patient (
  id uuid primary key default gen_random_uuid(),
  clinic_id int not null,
  name text not null
);
create table visit (
  id uuid primary key default gen_random_uuid(),
  clinic_id int not null,
  patient_id uuid not null references patient (id),
  reason text not null
);
insert into patient values ('a1000000-0000-4000-8000-000000000001', 1, 'Alok'), ('b1000000-0000-4000-8000-000000000001', 2, 'Dev bravo');
insert into visit (clinic_id, patient_id, reason) values (1, 'a1000000-0000-4000-8000-000000000001', 'flu'), (2, 'b1000000-0000-4000-8000-000000000001', 'bravo');
alter table patient enable row level security;
alter table visit enable row level security;
create policy clinic on patient using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
create policy clinic on visit
  using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int))
  with check (
    clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int)
    and exists (select from patient p where p.id = visit.patient_id));
grant select on patient, visit to k5cp_app;
grant insert (clinic_id, name), update (name) on patient to k5cp_app;
grant insert (clinic_id, patient_id, reason), update (reason) on visit to k5cp_app;
grant delete on visit to k5cp_app;
reset role;
