create role twp_owner nologin;
create role twp_app login;
alter schema public owner to twp_owner;
set role twp_owner;
create table visit (network int not null, clinic int not null, seen_on date not null, no int not null, patient text not null, primary key (network, clinic, seen_on, no)) partition by range (seen_on);
create table visit_2025 partition of visit for values from ('2025-01-01') to ('2026-01-01');
create table visit_2026 partition of visit for values from ('2026-01-01') to ('2027-01-01');
create table visit_later partition of visit default;
insert into visit values (7, 1, '2025-03-03', 1, 'Malini'), (7, 1, '2026-03-03', 2, 'Malini'), (9, 1, '2025-04-04', 1, 'Ivo bravo'), (9, 1, '2026-04-04', 2, 'Ivo bravo');
alter table visit enable row level security, force row level security;
create policy clinic on visit using (network = (select nullif(current_setting('twp.network', true), '')::int) and clinic = (select nullif(current_setting('twp.clinic', true), '')::int));
create view recent with (security_invoker = true) as select network, clinic, seen_on, no, patient from visit where seen_on >= '2026-01-01';
create materialized view per_clinic as select network, clinic, count(*) as visits from visit group by network, clinic;
create function my_count() returns bigint language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select coalesce(sum(visits), 0) from public.per_clinic
   where network = nullif(current_setting('twp.network', true), '')::int and clinic = nullif(current_setting('twp.clinic', true), '')::int $$;
grant select, insert, update, delete on visit, recent to twp_app;
reset role;
