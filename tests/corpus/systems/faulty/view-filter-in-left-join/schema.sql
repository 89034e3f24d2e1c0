create role vflj_owner nologin;
create role vflj_app login;
create schema store authorization vflj_owner;
create schema app authorization vflj_owner;
set role vflj_owner;
create table store.centre (id uuid primary key, city text not null);
create table store.transfusion (centre_id uuid not null, patient_code text not null, on_day date not null, child text not null, units int not null, primary key (centre_id, patient_code, on_day));
create table store.chelation (centre_id uuid not null, patient_code text not null, drug text not null, primary key (centre_id, patient_code, drug));
insert into store.centre values ('5f000000-0000-4000-8000-000000000001', 'Vellore'), ('5f000000-0000-4000-8000-000000000002', 'Raipur');
insert into store.transfusion values ('5f000000-0000-4000-8000-000000000001', 'P1', '2026-04-01', 'Aadhi', 2), ('5f000000-0000-4000-8000-000000000002', 'P1', '2026-04-01', 'Bhim bravo', 3);
insert into store.chelation values ('5f000000-0000-4000-8000-000000000001', 'P1', 'deferasirox'), ('5f000000-0000-4000-8000-000000000002', 'P1', 'bravo desferal');
create view app.transfusion with (security_barrier) as
  select t.patient_code, t.on_day, t.child, t.units, c.city from store.transfusion t
    left join store.centre c on c.id = t.centre_id and c.id = nullif(current_setting('vflj.centre', true), '')::uuid;
create view app.chelation with (security_barrier) as
  select c.patient_code, c.drug from store.chelation c
   where c.centre_id = nullif(current_setting('vflj.centre', true), '')::uuid;
grant usage on schema app to vflj_app;
grant select on app.transfusion, app.chelation to vflj_app;
reset role;
