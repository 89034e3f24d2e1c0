create role almh_owner nologin;
create role almh_app login;
alter schema public owner to almh_owner;
set role almh_owner;
create table entity_code (code text primary key, entity text not null, unique (entity, code));
create table case_sheet (entity text not null, home_code text not null, ip_no text not null, patient text not null, primary key (entity, home_code, ip_no), foreign key (entity, home_code) references entity_code (entity, code));
insert into entity_code values ('LLP-8', 'LLP-8'), ('KNR', 'LLP-8'), ('PVT-9', 'PVT-9');
insert into case_sheet values ('LLP-8', 'KNR', 'IP/1', 'Aravind'), ('LLP-8', 'LLP-8', 'IP/1', 'Asif'), ('PVT-9', 'PVT-9', 'IP/1', 'Bhavani bravo');
create function my_codes() returns text[] language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select coalesce(array_agg(c.code), '{}') from public.entity_code c where c.entity = nullif(current_setting('almh.entity', true), '') $$;
alter table case_sheet enable row level security, force row level security;
create policy codes on case_sheet using (home_code = any ((select my_codes())::text[])) with check (home_code = any ((select my_codes())::text[]) and entity = (select nullif(current_setting('almh.entity', true), '')));
grant select, insert, update, delete on case_sheet to almh_app;
reset role;
