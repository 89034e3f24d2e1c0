create role hier_owner nologin;
create role hier_app login;
alter schema public owner to hier_owner;
set role hier_owner;
create table unit (unit_id int primary key, parent int references unit, kind text not null check (kind in ('group', 'region', 'branch')));
insert into unit values (1, null, 'group'), (5, 1, 'region'), (11, 5, 'branch'), (12, 5, 'branch');
create table case_file (unit_id int not null references unit, no int not null, patient text not null, notes text, primary key (unit_id, no));
insert into case_file values (11, 1, 'Hari', 'ok'), (12, 1, 'Ines bravo', 'bravo notes');
create function visible_units() returns setof int language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with recursive down (unit_id) as (
    select coalesce(parent, unit_id) from public.unit where unit_id = nullif(current_setting('grp.unit', true), '')::int
    union
    select u.unit_id from public.unit u join down d on u.parent = d.unit_id)
  select unit_id from down
$$;
alter table case_file enable row level security, force row level security;
create policy tree on case_file for select using (unit_id in (select visible_units()));
grant select on case_file to hier_app;
reset role;
