create role vljw_owner nologin;
create role vljw_app login;
create schema store authorization vljw_owner;
create schema app authorization vljw_owner;
set role vljw_owner;
create table store.centre (id uuid primary key, city text not null);
create table store.transfusion (centre_id uuid not null, patient_code text not null, on_day date not null, child text not null, primary key (centre_id, patient_code, on_day));
insert into store.centre values ('3e000000-0000-4000-8000-000000000001', 'Vellore'), ('3e000000-0000-4000-8000-000000000002', 'Raipur');
insert into store.transfusion values ('3e000000-0000-4000-8000-000000000001', 'P1', '2026-04-01', 'Aadhi'), ('3e000000-0000-4000-8000-000000000002', 'P1', '2026-04-01', 'Bhim bravo');
create view app.transfusion with (security_barrier) as
  select t.patient_code, t.on_day, t.child, c.city from store.transfusion t left join store.centre c on c.id = t.centre_id
   where t.centre_id = nullif(current_setting('vljw.centre', true), '')::uuid;
grant usage on schema app to vljw_app;
grant select on app.transfusion to vljw_app;
reset role;
