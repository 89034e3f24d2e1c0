create role heimbaum_owner nologin;
create role heimbaum_app login;
alter schema public owner to heimbaum_owner;
revoke create on schema public from public;
set role heimbaum_owner;

create table care_grade (grade int primary key, title text not null);
create table shift_kind (code text primary key, starts time not null, ends time not null);
create table injury (code text primary key, title text not null);
create table operator (tree_id text primary key, name text not null);
-- Nested sets: a unit holds all whose lft lies between its own lft and rgt. Every operator counts from 1.
create table unit (
  tree_id text not null references operator, unit_no int not null, title text not null, lft int not null, rgt int not null check (rgt > lft),
  primary key (tree_id, unit_no),
  unique (tree_id, lft)
);
create table employee (tree_id text not null, no int not null, unit_no int not null, full_name text not null, primary key (tree_id, no),
  foreign key (tree_id, unit_no) references unit (tree_id, unit_no));
create table resident (tree_id text not null, no int not null, unit_no int not null, full_name text not null, grade int references care_grade, primary key (tree_id, no),
  foreign key (tree_id, unit_no) references unit (tree_id, unit_no));
create table care_note (tree_id text not null, unit_no int not null, id uuid not null default gen_random_uuid(), resident_no int not null, body text not null, primary key (tree_id, id),
  foreign key (tree_id, unit_no) references unit (tree_id, unit_no), foreign key (tree_id, resident_no) references resident (tree_id, no));
create table shift (tree_id text not null, unit_no int not null, day date not null, kind text not null references shift_kind, employee_no int not null, remark text, primary key (tree_id, unit_no, day, kind, employee_no),
  foreign key (tree_id, unit_no) references unit (tree_id, unit_no), foreign key (tree_id, employee_no) references employee (tree_id, no));
create table fall_report (
  tree_id text not null, unit_no int not null, id uuid not null default gen_random_uuid(), resident_no int not null, fell_at timestamptz not null,
  injury text references injury, account text not null,
  -- the unit's lft: the risk manager's list of a whole region needs no join
  place int not null,
  primary key (tree_id, id),
  foreign key (tree_id, unit_no) references unit (tree_id, unit_no),
  foreign key (tree_id, resident_no) references resident (tree_id, no)
);
create index on fall_report (place, fell_at);

-- The context is operator and unit, as in hz:1
create function my_tree() returns text language sql stable return nullif(split_part(current_setting('heim.unit', true), ':', 1), '');
create function my_unit() returns int language sql stable return nullif(split_part(current_setting('heim.unit', true), ':', 2), '')::int;
create function my_span() returns int4range language sql stable security definer set search_path = public, pg_temp as $$
  select int4range(lft, rgt, '[]') from unit where tree_id = my_tree() and unit_no = my_unit()
$$;
create function my_units() returns setof int language sql stable security definer set search_path = public, pg_temp as $$
  select u.unit_no from unit u where u.tree_id = my_tree() and u.lft <@ my_span()
$$;

create function set_place() returns trigger language plpgsql as $$
begin
  select u.lft into new.place from unit u where u.tree_id = new.tree_id and u.unit_no = new.unit_no;
  return new;
end $$;
create trigger place before insert or update on fall_report for each row execute function set_place();

insert into care_grade values (2, 'considerable'), (3, 'severe'), (4, 'most severe');
insert into shift_kind values ('F', '06:00', '14:00'), ('S', '14:00', '22:00'), ('N', '22:00', '06:00');
insert into injury values ('none', 'none'), ('bruise', 'Bruise'), ('hip', 'Fracture of the hip');
insert into operator values ('hz', 'Harz homes'), ('el', 'Elbe bravo'), ('ru', 'Ruhr bravo');
insert into unit select tree_id, v.no, v.title || ', ' || name, v.lft, v.rgt
  from operator, (values (1, 'all homes', 1, 10), (2, 'home North', 2, 7), (3, 'ground floor', 3, 4), (4, 'first floor', 5, 6), (5, 'home South', 8, 9)) v (no, title, lft, rgt);
insert into employee select tree_id, unit_no, unit_no, 'Nurse of ' || title from unit;
insert into resident select tree_id, unit_no, unit_no, 'Mrs. K., ' || title, 3 from unit where unit_no > 2;
insert into care_note (tree_id, unit_no, resident_no, body) select tree_id, unit_no, no, 'slept well, ' || full_name from resident;
insert into shift select tree_id, unit_no, '2026-05-04', 'F', no, 'with ' || full_name from employee;
insert into fall_report (tree_id, unit_no, resident_no, fell_at, injury, account)
  select tree_id, unit_no, no, '2026-05-04 05:10+00', 'bruise', 'found beside the bed: ' || full_name from resident;

alter table operator enable row level security;
create policy own on operator for select using (tree_id = my_tree());
do $$
declare t text;
begin
  foreach t in array array['unit', 'employee', 'resident', 'care_note', 'shift', 'fall_report'] loop
    execute format('alter table %I enable row level security', t);
  end loop;
  foreach t in array array['unit', 'employee', 'resident', 'care_note', 'shift'] loop
    execute format('create policy below on %I using (tree_id = my_tree() and unit_no in (select my_units()))', t);
  end loop;
end $$;
create policy read_below on fall_report for select using (place <@ (select my_span()));
create policy file_below on fall_report for insert with check (tree_id = my_tree() and unit_no in (select my_units()));
create policy amend_below on fall_report for update using (tree_id = my_tree() and unit_no in (select my_units()));
create policy drop_below on fall_report for delete using (tree_id = my_tree() and unit_no in (select my_units()));

grant select on all tables in schema public to heimbaum_app;
grant insert, update, delete on employee, resident, care_note, shift, fall_report to heimbaum_app;
reset role;
