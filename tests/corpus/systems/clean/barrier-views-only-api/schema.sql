create role bvo_owner nologin;
create role bvo_app login;
create schema data authorization bvo_owner;
create schema api authorization bvo_owner;
grant usage on schema api to bvo_app;
set role bvo_owner;
create table data.patient (tenant int not null, no int not null, name text not null, phone text, primary key (tenant, no));
create table data.bill (tenant int not null, no int not null, patient_no int not null, total numeric not null, remark text, primary key (tenant, no),
  foreign key (tenant, patient_no) references data.patient);
insert into data.patient values (1, 1, 'Kani', '1'), (2, 1, 'Pia bravo', '2');
insert into data.bill values (1, 1, 1, 100, 'cash'), (2, 1, 1, 900, 'bravo unpaid');
create view api.patient with (security_barrier) as
  select tenant, no, name, phone from data.patient where tenant = nullif(current_setting('v.tenant', true), '')::int with cascaded check option;
create view api.bill with (security_barrier) as
  select b.no, p.name, b.total, b.remark from data.bill b join data.patient p on p.tenant = b.tenant and p.no = b.patient_no
   where b.tenant = nullif(current_setting('v.tenant', true), '')::int;
grant select, update, delete on api.patient to bvo_app;
grant select on api.bill to bvo_app;
reset role;
