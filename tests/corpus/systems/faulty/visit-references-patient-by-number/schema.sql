create role k5vp_owner nologin;
create role k5vp_app login;
alter schema public owner to k5vp_owner;
set role k5vp_owner;
create table patient (
  id bigint generated always as identity primary key,
  clinic_id int not null,
  name text not null
);
create table visit (
  id bigint generated always as identity primary key,
  clinic_id int not null,
  patient_id bigint not null references patient (id),
  reason text not null
);
create index visit_patient on visit (patient_id);
insert into patient (clinic_id, name) values (1, 'Alok'), (1, 'Bina'), (1, 'Chitra'), (2, 'Dev bravo');
insert into visit (clinic_id, patient_id, reason) values (1, 1, 'flu'), (2, 4, 'bravo');
alter table patient enable row level security;
alter table visit enable row level security;
create policy clinic on patient using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
create policy clinic on visit using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
grant select on patient, visit to k5vp_app;
grant insert (clinic_id, name) on patient to k5vp_app;
grant insert (clinic_id, patient_id, reason) on visit to k5vp_app;
reset role;
