create role k5dd_booking login;
create role k5dd_owner nologin;
create role k5dd_app login;
alter schema public owner to k5dd_owner;
set role k5dd_owner;
create table doctor (home_clinic int not null, reg_no text not null, name text not null, primary key (home_clinic, reg_no));
create table appointment (
  clinic_id int not null,
  no int not null,
  doctor_clinic int not null,
  doctor_reg text not null,
  patient text not null,
  primary key (clinic_id, no),
  constraint appointment_doctor foreign key (doctor_clinic, doctor_reg) references doctor
);
insert into doctor values (1, 'R1', 'Dr Shetty'), (1, 'R2', 'Dr Thampi'), (2, 'R9', 'Dr Unni bravo');
insert into appointment values (2, 1, 1, 'R1', 'Paul bravo');
alter table doctor enable row level security;
alter table appointment enable row level security;
create policy home on doctor using (home_clinic = (select nullif(current_setting('ros.clinic', true), '')::int));
create policy clinic on appointment for select using (clinic_id = (select nullif(current_setting('ros.clinic', true), '')::int));
create policy booking on appointment to k5dd_booking using (true);
grant select, insert, delete on doctor to k5dd_app;
grant select on appointment to k5dd_app;
grant select, insert, update, delete on appointment to k5dd_booking;
reset role;
