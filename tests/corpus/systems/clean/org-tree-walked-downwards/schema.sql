create role otw_owner nologin;
create role otw_app login;
alter schema public owner to otw_owner;
set role otw_owner;
create table unit (id text primary key, parent text references unit);
create table stay (unit text not null references unit, no int not null, patient text not null, primary key (unit, no));
insert into unit values ('group', null), ('north', 'group'), ('south', 'group'), ('north-icu', 'north'), ('south-icu', 'south');
insert into stay values ('north', 1, 'Asha'), ('north-icu', 1, 'Anu'), ('south', 1, 'Bela bravo'), ('south-icu', 1, 'Banu bravo'), ('group', 1, 'Chitra bravo');
create function my_units() returns setof text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with recursive below as (
    select u.id from public.unit u where u.id = nullif(current_setting('org.unit', true), '')
    union select u.id from public.unit u join below b on u.parent = b.id)
  select id from below
$$;
revoke execute on function my_units() from public;
grant execute on function my_units() to otw_app;
alter table stay enable row level security, force row level security;
create policy below on stay using (unit in (select my_units()));
grant select, insert, update, delete on stay to otw_app;
reset role;
