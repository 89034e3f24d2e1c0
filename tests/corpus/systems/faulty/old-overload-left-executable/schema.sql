create role k5ov_owner nologin;
create role k5ov_app login;
alter schema public owner to k5ov_owner;
set role k5ov_owner;
create table patient (unit char(3) not null, no int not null, name text not null, mobile text, primary key (unit, no));
create index patient_by_name on patient (lower(name) text_pattern_ops);
insert into patient values ('AB1', 1, 'Kiran', '900'), ('AB2', 1, 'Kishore bravo', '901');
alter table patient enable row level security;
create policy unit on patient using (unit = (select nullif(current_setting('his.unit', true), ''))::char(3));
-- 0007
create or replace function find_patient(beginning text) returns setof patient language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.* from public.patient p where lower(p.name) like lower(beginning) || '%' order by p.name
$$;
-- 0051: several units on one server, and pages
create or replace function find_patient(beginning text, page int) returns setof patient language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.* from public.patient p
   where p.unit = nullif(current_setting('his.unit', true), '')::char(3) and lower(p.name) like lower(beginning) || '%'
   order by p.name limit 20 offset 20 * page
$$;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to k5ov_app;
grant select, insert, update on patient to k5ov_app;
reset role;
