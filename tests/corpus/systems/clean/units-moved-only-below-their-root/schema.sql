create role umr_owner nologin;
create role umr_app login;
alter schema public owner to umr_owner;
set role umr_owner;

create domain unit_code as text check (value ~ '^[A-Z0-9]{1,8}$');
create table unit (
  root text not null, code unit_code not null, parent unit_code, title text not null,
  primary key (root, code),
  foreign key (root, parent) references unit (root, code)
);
create table duty (
  root text not null, code unit_code not null, on_day date not null, shift char(1) not null, staff text not null,
  primary key (root, code, on_day, shift),
  foreign key (root, code) references unit
);
create table incident (
  root text not null, code unit_code not null, no int not null, what text not null,
  primary key (root, code, no),
  foreign key (root, code) references unit
);
insert into unit values
  ('kolar', 'HQ', null, 'Kolar hospital'), ('kolar', 'OPD', 'HQ', 'Outpatients'), ('kolar', 'LAB', 'OPD', 'Sample room'),
  ('mysuru', 'HQ', null, 'bravo Mysuru hospital'), ('mysuru', 'OPD', 'HQ', 'bravo Outpatients'), ('mysuru', 'LAB', 'OPD', 'bravo Lab');
insert into duty values ('kolar', 'OPD', '2026-12-01', 'M', 'Ambika'), ('kolar', 'LAB', '2026-12-01', 'N', 'Arif'), ('mysuru', 'OPD', '2026-12-01', 'M', 'Basavaraj bravo');
insert into incident values ('kolar', 'LAB', 1, 'needle stick'), ('mysuru', 'LAB', 1, 'bravo spill');

create function my_root() returns text language sql stable as $$ select nullif(split_part(current_setting('umr.at', true), ':', 1), '') $$;
create function my_unit() returns text language sql stable as $$ select nullif(split_part(current_setting('umr.at', true), ':', 2), '') $$;

-- union, not union all: a unit hung below itself ends the walk
create function my_units() returns setof text
language sql stable security definer set search_path = pg_catalog, public, pg_temp as $$
  with recursive below(code) as (
    select u.code from public.unit u where u.root = public.my_root() and u.code = public.my_unit()
    union
    select u.code from below b join public.unit u on u.root = public.my_root() and u.parent = b.code
  ) select code::text from below
$$;

alter table unit enable row level security;
alter table duty enable row level security;
alter table incident enable row level security;
create policy whole_hospital on unit for select using (root = (select my_root()));
create policy hang on unit for update using (root = (select my_root()) and code in (select my_units())) with check (root = (select my_root()));
create policy open_below on unit for insert with check (root = (select my_root()) and parent in (select my_units()));
create policy roster_is_public on duty using (true);
create policy floor_root on duty as restrictive using (root = (select my_root()));
create policy floor_write on duty as restrictive for update using (code in (select my_units()));
create policy below_me on incident using (root = (select my_root()) and code in (select my_units()));

grant select, insert, update (parent, title) on unit to umr_app;
grant select, insert, update, delete on duty to umr_app;
grant select, insert on incident to umr_app;
reset role;
