create role k5oo_owner nologin;
create role k5oo_app login;
alter schema public owner to k5oo_owner;
set role k5oo_owner;
create table patient (unit char(3) not null, no int not null, name text not null, mobile text, primary key (unit, no));
insert into patient values ('AB1', 1, 'Kiran', '900'), ('AB2', 1, 'Kishore bravo', '901');
alter table patient enable row level security;
create policy unit on patient using (unit = (select nullif(current_setting('his.unit', true), ''))::char(3));
create function find_patient(beginning text, page int) returns setof patient language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.* from public.patient p
   where p.unit = nullif(current_setting('his.unit', true), '')::char(3) and starts_with(lower(p.name), lower(beginning))
   order by p.name limit 20 offset 20 * greatest(page, 0)
$$;
create function find_patient(beginning text) returns setof patient language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select * from public.find_patient(beginning, 0)
$$;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to k5oo_app;
grant select, insert, update on patient to k5oo_app;
reset role;
