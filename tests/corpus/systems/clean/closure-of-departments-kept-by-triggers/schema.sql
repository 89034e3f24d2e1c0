create role closure_owner nologin;
create role closure_staff nologin;
create role closure_web login;
grant closure_staff to closure_web;
alter schema public owner to closure_owner;
revoke create on schema public from public;
set role closure_owner;

create table ward_kind (code text primary key, title text not null);
create table drug_group (code text primary key, title text not null);
create table care_group (group_id text primary key, name text not null);
create table department (
  group_id text not null references care_group, dept_id bigint not null, parent_id bigint, title text not null, kind text references ward_kind,
  primary key (group_id, dept_id),
  foreign key (group_id, parent_id) references department (group_id, dept_id)
);
-- every pair of a department and one above it, itself included, with the titles on the way as they were when it was founded
create table dept_path (
  group_id text not null, upper_id bigint not null, lower_id bigint not null, depth int not null, crumbs text not null,
  primary key (group_id, upper_id, lower_id),
  foreign key (group_id, lower_id) references department (group_id, dept_id) on delete cascade
);
create table employee (group_id text not null, dept_id bigint not null, no int not null, full_name text not null, primary key (group_id, no),
  foreign key (group_id, dept_id) references department (group_id, dept_id));
create table patient (group_id text not null, dept_id bigint not null, no int not null, full_name text not null, primary key (group_id, no),
  foreign key (group_id, dept_id) references department (group_id, dept_id));
create table stay (group_id text not null, dept_id bigint not null, patient_no int not null, from_day date not null, to_day date, reason text, primary key (group_id, patient_no, from_day),
  foreign key (group_id, dept_id) references department (group_id, dept_id), foreign key (group_id, patient_no) references patient (group_id, no));
create table medication (group_id text not null, dept_id bigint not null, patient_no int not null, line int not null, drug_group text references drug_group, sig text not null, primary key (group_id, patient_no, line),
  foreign key (group_id, dept_id) references department (group_id, dept_id), foreign key (group_id, patient_no) references patient (group_id, no) on delete cascade);
create table handover (group_id text not null, dept_id bigint not null, day date not null, body text not null, primary key (group_id, dept_id, day),
  foreign key (group_id, dept_id) references department (group_id, dept_id) on delete cascade);

create function my_group() returns text language sql stable as $$ select nullif(current_setting('care.group', true), '') $$;
create function my_dept() returns bigint language sql stable as $$ select nullif(current_setting('care.dept', true), '')::bigint $$;
-- with the owner's rights: the paths themselves are nobody's to read
create function below_me() returns setof bigint language sql stable security definer set search_path = public, pg_temp as $$
  select p.lower_id from dept_path p where p.group_id = my_group() and p.upper_id = my_dept()
$$;
create function dept_breadcrumb(dept bigint) returns text language sql stable security definer set search_path = public, pg_temp as $$
  select p.crumbs from dept_path p where p.group_id = my_group() and p.upper_id = my_dept() and p.lower_id = dept
$$;

create function keep_paths() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into dept_path values (new.group_id, new.dept_id, new.dept_id, 0, new.title);
  insert into dept_path
    select p.group_id, p.upper_id, new.dept_id, p.depth + 1, p.crumbs || ' > ' || new.title from dept_path p where p.group_id = new.group_id and p.lower_id = new.parent_id;
  return null;
end $$;
create trigger paths after insert on department for each row execute function keep_paths();

insert into ward_kind values ('ICU', 'Intensive care'), ('GEN', 'General ward');
insert into drug_group values ('ABX', 'Antibiotics'), ('ANA', 'Analgesics');
insert into care_group values ('vita', 'Vita Kliniken'), ('salus', 'Salus bravo'), ('medic', 'Medic bravo');
insert into department select group_id, 1, null, 'Board of ' || name, null from care_group;
insert into department select group_id, 10 * n, 1, 'House ' || n || ' of ' || name, null from care_group, generate_series(1, 2) n;
insert into department select group_id, 10 * n + 1, 10 * n, 'Ward ' || n || ' of ' || name, 'GEN' from care_group, generate_series(1, 2) n;
insert into employee select group_id, dept_id, dept_id, 'Nurse, ' || title from department;
insert into patient select group_id, dept_id, dept_id, 'Patient, ' || title from department where kind = 'GEN';
insert into stay select group_id, dept_id, no, '2026-03-01', null, 'pneumonia, ' || full_name from patient;
insert into medication select group_id, dept_id, no, 1, 'ABX', '3 x 1 g for ' || full_name from patient;
insert into handover select group_id, dept_id, '2026-03-02', 'quiet night in ' || title from department where kind = 'GEN';

alter table care_group enable row level security;
create policy own on care_group for select using (group_id = my_group() and exists (select below_me()));
alter table department enable row level security;
create policy below on department for select using (group_id = my_group() and dept_id in (select below_me()));
create policy founded_below on department for insert with check (group_id = my_group() and parent_id in (select below_me()));
create policy renamed_below on department for update using (group_id = my_group() and dept_id in (select below_me()));
do $$
declare t text;
begin
  foreach t in array array['employee', 'patient', 'stay', 'medication', 'handover'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy below on %I using (group_id = my_group() and dept_id in (select below_me()))', t);
  end loop;
end $$;
alter table dept_path enable row level security;

grant select on ward_kind, drug_group, care_group, department, employee, patient, stay, medication, handover to closure_staff;
grant insert, update (title, kind) on department to closure_staff;
grant insert, update, delete on employee, patient, stay, medication, handover to closure_staff;
reset role;
