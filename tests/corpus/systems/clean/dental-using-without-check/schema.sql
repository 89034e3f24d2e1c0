create role dcl_owner nologin;
create role dcl_app login;
alter schema public owner to dcl_owner;
set role dcl_owner;
create table procedure_code (code text primary key, label text not null);
create table patient (clinic_id int not null, no int not null, full_name text not null, phone text, primary key (clinic_id, no));
create table treatment (clinic_id int not null, patient_no int not null, line int not null, code text references procedure_code, remark text,
  primary key (clinic_id, patient_no, line), foreign key (clinic_id, patient_no) references patient on delete cascade);
insert into procedure_code values ('D1', 'scaling'), ('D2', 'filling');
insert into patient values (1, 1, 'Kavya', '98'), (2, 1, 'Ravi bravo', '97');
insert into treatment values (1, 1, 1, 'D1', 'done'), (2, 1, 1, 'D2', 'bravo');
alter table patient enable row level security, force row level security;
alter table treatment enable row level security, force row level security;
create policy own on patient using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
create policy own on treatment using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
grant select, insert, update, delete on patient, treatment to dcl_app;
grant select on procedure_code to dcl_app;
reset role;
