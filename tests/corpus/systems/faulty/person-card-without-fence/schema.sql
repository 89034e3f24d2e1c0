create role crd_owner nologin;
create role crd_app login;
create schema emr authorization crd_owner;
grant usage on schema emr to crd_app;
set role crd_owner;
create table emr.identity_card (id uuid primary key default gen_random_uuid(), papers text not null, kin text);
create table emr.patient (branch text not null, no int not null, name text not null, card uuid not null unique references emr.identity_card, primary key (branch, no));
with c as (insert into emr.identity_card (papers, kin) values ('AADHAAR 1111', 'mother') returning id)
insert into emr.patient select 'BLR', 1, 'Uma', id from c;
with c as (insert into emr.identity_card (papers, kin) values ('AADHAAR 2222 bravo', 'bravo brother') returning id)
insert into emr.patient select 'HYD', 1, 'Viktor bravo', id from c;
alter table emr.patient enable row level security, force row level security;
create policy branch on emr.patient using (branch = (select current_setting('crd.branch', true)));
grant select, insert on emr.patient, emr.identity_card to crd_app;
reset role;
