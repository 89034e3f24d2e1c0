create role dda_owner nologin;
create role dda_app login;
create schema core authorization dda_owner;
create schema api authorization dda_owner;
grant usage on schema api to dda_app;
set role dda_owner;
create table core.patient (clinic int not null, no int not null, name text not null, primary key (clinic, no));
insert into core.patient values (1, 1, 'Rathna'), (2, 1, 'Moe bravo');
create function api.patients(of_clinic int default nullif(current_setting('d.clinic', true), '')::int) returns table (no int, name text)
  language sql stable security definer set search_path = pg_catalog, pg_temp as $$ select p.no, p.name from core.patient p where p.clinic = of_clinic $$;
revoke execute on all functions in schema api from public;
grant execute on all functions in schema api to dda_app;
reset role;
