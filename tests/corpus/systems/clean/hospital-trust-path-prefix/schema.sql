create role htpp_owner nologin;
create role htpp_app login;
create schema trust authorization htpp_owner;
set role htpp_owner;
set search_path = trust;

create table organisation (
  org_id int primary key,
  parent_id int references organisation,
  path text not null unique check (path like '/%/'),
  name text not null,
  unique (org_id, path)
);
create table specialty (code text primary key, title text not null);
create table triage_level (level int primary key, title text not null);
-- Each row carries the path of its clinic, kept true by the foreign key, so that a policy needs no join.
create table clinician (org_id int not null, path text not null, clinician_no int not null, name text not null, specialty text references specialty, primary key (org_id, clinician_no), foreign key (org_id, path) references organisation (org_id, path) on update cascade);
create table patient (org_id int not null, path text not null, patient_no int not null, name text not null, address text, primary key (org_id, patient_no), foreign key (org_id, path) references organisation (org_id, path) on update cascade);
create table attendance (org_id int not null, path text not null, attendance_no int not null, patient_no int not null, clinician_no int, level int not null references triage_level, complaint text, came_at timestamptz not null default now(), primary key (org_id, attendance_no), foreign key (org_id, path) references organisation (org_id, path) on update cascade, foreign key (org_id, patient_no) references patient, foreign key (org_id, clinician_no) references clinician);
create table observation (org_id int not null, path text not null, attendance_no int not null, observation_no int not null, what text not null, value text not null, primary key (org_id, attendance_no, observation_no), foreign key (org_id, path) references organisation (org_id, path) on update cascade, foreign key (org_id, attendance_no) references attendance on delete cascade);
create table incident (org_id int not null, path text not null, incident_no int not null, report text not null, primary key (org_id, incident_no), foreign key (org_id, path) references organisation (org_id, path) on update cascade);
create table transfer (org_id int not null, path text not null, transfer_no int not null, patient_no int not null, destination text not null, primary key (org_id, transfer_no), foreign key (org_id, path) references organisation (org_id, path) on update cascade, foreign key (org_id, patient_no) references patient);

insert into organisation values (1, null, '/1/', 'bravo Trust'), (11, 1, '/1/11/', 'bravo Area East'), (111, 11, '/1/11/111/', 'Harbour Clinic'), (1110, 11, '/1/11/1110/', 'bravo Mill Clinic'), (12, 1, '/1/12/', 'bravo Area West'), (121, 12, '/1/12/121/', 'bravo Moor Clinic');
insert into specialty values ('em', 'Emergency'), ('or', 'Orthopaedics');
insert into triage_level values (1, 'red'), (2, 'amber'), (3, 'green');
insert into clinician values (111, '/1/11/111/', 1, 'Dr. Shaw', 'em'), (1110, '/1/11/1110/', 1, 'Dr. bravo', 'em'), (121, '/1/12/121/', 1, 'Dr. Q. bravo', 'or');
insert into patient values (111, '/1/11/111/', 1, 'Will Reed', 'Quay 1'), (1110, '/1/11/1110/', 1, 'Xena bravo', 'bravo 1'), (121, '/1/12/121/', 1, 'Yves bravo', 'bravo 2');
insert into attendance (org_id, path, attendance_no, patient_no, clinician_no, level, complaint) values (111, '/1/11/111/', 1, 1, 1, 2, 'ankle'), (1110, '/1/11/1110/', 1, 1, 1, 1, 'bravo chest pain'), (121, '/1/12/121/', 1, 1, 1, 3, 'bravo wrist');
insert into observation values (111, '/1/11/111/', 1, 1, 'bp', '120/80'), (1110, '/1/11/1110/', 1, 1, 'bp', 'bravo 90/50'), (121, '/1/12/121/', 1, 1, 'hr', 'bravo 77');
insert into incident values (111, '/1/11/111/', 1, 'wet floor'), (1110, '/1/11/1110/', 1, 'bravo wrong drug'), (11, '/1/11/', 1, 'bravo area outage');
insert into transfer values (111, '/1/11/111/', 1, 1, 'home'), (1110, '/1/11/1110/', 1, 1, 'bravo ICU'), (121, '/1/12/121/', 1, 1, 'bravo home');

create function my_org() returns int language sql stable as $$ select nullif(current_setting('htpp.org', true), '')::int $$;
create function my_path() returns text language sql stable security definer set search_path = trust, pg_temp
  as $$ select o.path from organisation o where o.org_id = my_org() $$;
do $$
declare t text;
begin
  foreach t in array array['organisation', 'clinician', 'patient', 'attendance', 'observation', 'incident', 'transfer'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy read_down on %I for select using (path like (select trust.my_path()) || ''%%'')', t);
  end loop;
  foreach t in array array['clinician', 'patient', 'attendance', 'observation', 'incident', 'transfer'] loop
    execute format('create policy write_own on %I using (org_id = trust.my_org()) with check (org_id = trust.my_org())', t);
  end loop;
end $$;

-- Nobody types a path.
create function fill_path() returns trigger language plpgsql security definer set search_path = trust, pg_temp as $$
begin
  new.path := (select o.path from organisation o where o.org_id = new.org_id and o.org_id = my_org());
  return new;
end $$;
do $$
declare t text;
begin
  foreach t in array array['clinician', 'patient', 'attendance', 'observation', 'incident', 'transfer'] loop
    execute format('create trigger fill_path before insert or update of org_id, path on %I for each row execute function trust.fill_path()', t);
  end loop;
end $$;

create function waiting_by_clinic() returns table (clinic text, waiting bigint)
language sql stable security definer set search_path = trust, pg_temp as $$
  select o.name, count(a.attendance_no)
    from organisation o left join attendance a on a.org_id = o.org_id
   where o.path like my_path() || '%'
   group by o.org_id, o.name order by o.name
$$;
create function breadcrumb() returns int language sql stable security definer set search_path = trust, pg_temp
  as $$ select length(my_path()) - length(replace(my_path(), '/', '')) - 1 $$;

revoke all on all functions in schema trust from public;
grant usage on schema trust to htpp_app;
grant execute on function my_org(), my_path(), waiting_by_clinic(), breadcrumb() to htpp_app;
grant select on all tables in schema trust to htpp_app;
grant insert, update, delete on clinician, patient, attendance, observation, incident, transfer to htpp_app;
reset role;
reset search_path;
