create role dacu_owner nologin;
create role dacu_north login;
create role dacu_south login;
alter schema public owner to dacu_owner;
set role dacu_owner;
create table site_login (site text not null, login name not null, is_admin boolean not null default false, note text, primary key (site, login));
create table sample (site text not null, barcode text not null, patient text not null, test text not null, primary key (site, barcode));
insert into site_login values ('north', 'dacu_north', false, null), ('south', 'dacu_south', false, 'bravo'), ('head', 'dacu_owner', true, 'nightly jobs');
insert into sample values ('north', '0001', 'Asha', 'HbA1c'), ('south', '0001', 'Bela bravo', 'HIV');
alter table site_login enable row level security;
alter table sample enable row level security;
create policy me on site_login for select using (login = current_user);
create policy site on sample using (site = (select l.site from site_login l where l.login = current_user));
create function worklist() returns setof sample language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.* from public.sample s
   where exists (select from public.site_login l where l.login = current_user and (l.site = s.site or l.is_admin))
$$;
revoke execute on function worklist() from public;
grant execute on function worklist() to dacu_north, dacu_south;
grant select on site_login to dacu_north, dacu_south;
grant select, insert, update on sample to dacu_north, dacu_south;
reset role;
