create role hdo_owner nologin;
create role hdo_app login;
alter schema public owner to hdo_owner;
set role hdo_owner;
create table unit (unit_id int primary key, parent int references unit, kind text not null);
create table case_file (unit_id int not null references unit, no int not null, patient text not null, primary key (unit_id, no));
insert into unit values (1, null, 'group'), (5, 1, 'region'), (11, 5, 'branch'), (12, 5, 'branch');
insert into case_file values (11, 1, 'Hari'), (12, 1, 'Ines bravo');
create function visible_units() returns int[] language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  with recursive down (unit_id) as (
    select unit_id from public.unit where unit_id = nullif(current_setting('grp.unit', true), '')::int
    union
    select u.unit_id from public.unit u join down d on u.parent = d.unit_id)
  select coalesce(array_agg(unit_id), '{}') from down
$$;
alter table case_file enable row level security, force row level security;
create policy tree on case_file using (unit_id = any ((select visible_units())::int[]));
grant select, insert, update, delete on case_file to hdo_app;
reset role;
