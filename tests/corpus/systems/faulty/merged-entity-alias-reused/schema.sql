create role mrga_owner nologin;
create role mrga_app login;
alter schema public owner to mrga_owner;
set role mrga_owner;
create table entity_code (entity text not null, code text not null, since date not null, primary key (entity, code));
create table case_sheet (home_code text not null, ip_no text not null, patient text not null, plan text, primary key (home_code, ip_no));
insert into entity_code values ('LLP-7', 'LLP-7', '2018-01-01'), ('LLP-7', 'KNR', '2021-04-01'), ('KNR', 'KNR', '2025-02-01');
insert into case_sheet values ('LLP-7', 'IP/1', 'Aravind', 'rest'), ('KNR', 'IP/1', 'Bhavani bravo', 'bravo surgery');
create function codes_of(entity text) returns text[] language sql stable security definer set search_path = pg_catalog, pg_temp
  as $$ select coalesce(array_agg(c.code), '{}') from public.entity_code c where c.entity = codes_of.entity $$;
alter table case_sheet enable row level security, force row level security;
create policy entity on case_sheet using (home_code = any (codes_of((select nullif(current_setting('mrga.entity', true), '')))));
grant select, insert, update on case_sheet to mrga_app;
reset role;
