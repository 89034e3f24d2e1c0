create role wto_owner nologin;
create role wto_app login;
alter schema public owner to wto_owner;
set role wto_owner;
create table hospital_group (group_id int primary key, title text not null);
-- nested sets: everything below a unit lies between its lft and rgt, numbered once for all groups, so that no two groups overlap
create table unit (
  unit_id int primary key, group_id int not null references hospital_group, title text not null, lft int not null, rgt int not null,
  check (lft < rgt), unique (group_id, unit_id));
create table staff (
  group_id int not null, staff_no int not null, full_name text not null, unit_id int not null,
  primary key (group_id, staff_no), foreign key (group_id, unit_id) references unit (group_id, unit_id));
create table admission (
  group_id int not null, unit_id int not null, ip_no int not null, patient text not null, diagnosis text,
  primary key (group_id, unit_id, ip_no), foreign key (group_id, unit_id) references unit (group_id, unit_id));
create table nursing_round (
  group_id int not null, unit_id int not null, ip_no int not null, at timestamptz not null, remark text not null,
  primary key (group_id, unit_id, ip_no, at), foreign key (group_id, unit_id, ip_no) references admission);
insert into hospital_group values (1, 'Arogya'), (2, 'Bhadra bravo');
insert into unit values (11, 1, 'Arogya Kochi', 1, 6), (12, 1, 'Medical ward', 2, 3), (13, 1, 'Chest ward', 4, 5),
  (21, 2, 'Bhadra Kollam bravo', 7, 14), (22, 2, 'ICU bravo', 8, 9), (23, 2, 'Theatre bravo', 10, 11), (24, 2, 'Labour room bravo', 12, 13);
insert into staff values (1, 1, 'Sr. Annie', 11), (1, 2, 'Sr. Ambika', 13), (2, 1, 'Sr. Beena bravo', 21);
insert into admission values (1, 12, 1, 'Achuthan', 'Dengue'), (1, 13, 1, 'Ammini', 'COPD'), (2, 22, 1, 'Bijoy bravo', 'Sepsis bravo'), (2, 24, 1, 'Bindu bravo', 'Eclampsia bravo');
insert into nursing_round values (1, 12, 1, '2026-05-01 06:00Z', 'afebrile'), (2, 22, 1, '2026-05-01 06:00Z', 'on vent bravo'), (2, 24, 1, '2026-05-01 06:10Z', 'BP 170 bravo');
create function my_group() returns int language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select group_id from public.unit where unit_id = nullif(current_setting('ward.unit', true), '')::int $$;
create function my_units() returns setof int language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select below.unit_id
    from public.unit mine join public.unit below on below.lft between mine.lft and mine.rgt
   where mine.unit_id = nullif(current_setting('ward.unit', true), '')::int $$;
revoke execute on function my_group(), my_units() from public;
grant execute on function my_group(), my_units() to wto_app;
alter table hospital_group enable row level security;
alter table unit enable row level security;
alter table staff enable row level security;
alter table admission enable row level security;
alter table nursing_round enable row level security;
create policy own_group on hospital_group for select using (group_id = (select my_group()));
create policy own_group on unit for select using (group_id = (select my_group()));
create policy own_group on staff for select using (group_id = (select my_group()));
create policy units_below on admission using (unit_id in (select my_units()));
create policy units_below on nursing_round using (unit_id in (select my_units()));
grant select on hospital_group, unit, staff to wto_app;
grant select, insert, update on admission to wto_app;
grant select, insert on nursing_round to wto_app;
reset role;
