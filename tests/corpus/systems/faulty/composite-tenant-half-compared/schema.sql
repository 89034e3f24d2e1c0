create role cth_owner nologin;
create role cth_app login;
alter schema public owner to cth_owner;
set role cth_owner;
create table patient (country char(2) not null, clinic_no int not null, no int not null, name text not null, primary key (country, clinic_no, no));
create table lab_order (country char(2) not null, clinic_no int not null, no int not null, patient_no int not null, test text, primary key (country, clinic_no, no),
  foreign key (country, clinic_no, patient_no) references patient);
insert into patient values ('IN', 1, 1, 'Udaya'), ('AE', 1, 1, 'Tariq bravo');
insert into lab_order values ('IN', 1, 1, 1, 'CBC'), ('AE', 1, 1, 1, 'bravo HIV');
alter table patient enable row level security, force row level security;
alter table lab_order enable row level security, force row level security;
create policy pair on patient using ((country, clinic_no) = (current_setting('c.country', true)::char(2), nullif(current_setting('c.clinic_no', true), '')::int));
create policy one on lab_order using (clinic_no = nullif(current_setting('c.clinic_no', true), '')::int);
grant select on patient, lab_order to cth_app;
reset role;
