create role k5dp_owner nologin;
create role k5dp_staff nologin;
create role k5dp_alpha login;
create role k5dp_beta login;
grant k5dp_staff to k5dp_alpha, k5dp_beta;
create schema lookup authorization k5dp_owner;
create schema clinic_alpha authorization k5dp_owner;
create schema clinic_beta authorization k5dp_owner;
set role k5dp_owner;
create table lookup.icd (code text primary key, title text not null);
insert into lookup.icd values ('J06', 'Acute upper respiratory infection');
create table lookup.booking (clinic name not null, no int not null, patient text not null, primary key (clinic, no));
insert into lookup.booking values ('k5dp_alpha', 1, 'Ines'), ('k5dp_beta', 1, 'Radha bravo');
alter table lookup.booking enable row level security;
create policy clinic on lookup.booking using (clinic = current_user);
grant usage on schema lookup to k5dp_staff;
grant select on lookup.icd to k5dp_staff;
grant select, insert, update on lookup.booking to k5dp_staff;
-- template of 2023
create table clinic_alpha.patient (no int primary key, name text not null);
grant usage on schema clinic_alpha to k5dp_alpha;
grant select, insert, update on clinic_alpha.patient to k5dp_alpha;
alter default privileges in schema clinic_alpha grant select, insert, update on tables to k5dp_alpha;
-- template of 2025
create table clinic_beta.patient (no int primary key, name text not null);
grant usage on schema clinic_beta to k5dp_staff;
grant select, insert, update on clinic_beta.patient to k5dp_beta;
alter default privileges in schema clinic_beta grant select on tables to k5dp_staff;
alter default privileges in schema clinic_beta grant insert, update on tables to k5dp_beta;
-- 0019, in every schema
create table clinic_alpha.discharge_letter (no int primary key, patient_no int not null references clinic_alpha.patient, body text not null);
create table clinic_beta.discharge_letter (no int primary key, patient_no int not null references clinic_beta.patient, body text not null);
insert into clinic_alpha.patient values (1, 'Ines');
insert into clinic_alpha.discharge_letter values (1, 1, 'home, paracetamol');
insert into clinic_beta.patient values (1, 'Radha bravo');
insert into clinic_beta.discharge_letter values (1, 1, 'bravo psychiatry');
reset role;
