create role prn_owner nologin;
create role prn_staff nologin;
create role prn_ash nologin;
create role prn_bay nologin;
create role prn_cove nologin;
create role prn_gateway login noinherit;
grant prn_staff to prn_ash, prn_bay, prn_cove;
grant prn_ash, prn_bay, prn_cove to prn_gateway;
create schema gp authorization prn_owner;
set role prn_owner;

create table gp.visit_kind (code text primary key, title text not null, minutes int not null);
create table gp.vaccine (code text primary key, title text not null);
create table gp.practice (code text primary key, db_role name not null unique, name text not null);
create table gp.room (practice text not null references gp.practice, no int not null, title text not null, primary key (practice, no));
create table gp.doctor (practice text not null references gp.practice, initials text not null, full_name text not null, primary key (practice, initials));
create table gp.patient (
  practice text not null references gp.practice,
  no int not null,
  first_name text not null,
  last_name text not null,
  phone text,
  primary key (practice, no)
);
create table gp.appointment (
  practice text not null,
  day date not null,
  slot int not null,
  doctor text not null,
  patient_no int not null,
  patient_name text not null,
  kind text not null references gp.visit_kind,
  arrived boolean not null default false,
  primary key (practice, day, slot, doctor),
  foreign key (practice, doctor) references gp.doctor (practice, initials),
  foreign key (practice, patient_no) references gp.patient (practice, no)
);
create table gp.reminder (
  practice text not null,
  patient_no int not null,
  due date not null,
  phone text not null,
  wording text not null,
  primary key (practice, patient_no, due),
  foreign key (practice, patient_no) references gp.patient (practice, no) on delete cascade
);
create table gp.note (
  practice text not null,
  patient_no int not null,
  no int not null,
  body text not null,
  primary key (practice, patient_no, no),
  foreign key (practice, patient_no) references gp.patient (practice, no)
);
create table gp.shot (
  practice text not null,
  patient_no int not null,
  vaccine text not null references gp.vaccine,
  given date not null,
  lot text not null,
  primary key (practice, patient_no, vaccine, given),
  foreign key (practice, patient_no) references gp.patient (practice, no)
);
create table gp.change_log (
  practice text not null references gp.practice,
  at timestamptz not null default clock_timestamp(),
  patient_no int not null,
  was text not null
);

create function gp.my_practice() returns text language sql stable as $$
  select code from gp.practice where db_role = current_user
$$;

insert into gp.visit_kind values ('C', 'Consultation', 10), ('V', 'Vaccination', 5);
insert into gp.vaccine values ('FLU', 'Influenza'), ('TET', 'Tetanus');
insert into gp.practice values ('ash', 'prn_ash', 'Ash Street'), ('bay', 'prn_bay', 'Bay Road bravo'), ('cove', 'prn_cove', 'Cove Lane bravo');
insert into gp.room select code, 1, 'Room of ' || name from gp.practice;
insert into gp.doctor select code, 'DR', 'Doctor of ' || name from gp.practice;
insert into gp.patient select code, n, 'Pat ' || n, 'of ' || name, '0511 ' || name from gp.practice, generate_series(1, 4) n;
insert into gp.appointment
  select practice, '2026-05-04', no, 'DR', no, last_name || ', ' || first_name, 'C' from gp.patient;
insert into gp.reminder select practice, no, '2026-10-01', phone, 'Flu shot, ' || last_name from gp.patient;
insert into gp.note select practice, no, 1, 'Cough for a week. ' || last_name from gp.patient;
insert into gp.shot select practice, no, 'TET', '2024-06-01', 'L77 ' || last_name from gp.patient;
insert into gp.change_log select practice, '2026-01-01', no, 'Miss ' || last_name from gp.patient where no = 1;

-- the day sheet shows the name without a join, so it is written again when somebody marries
create function gp.carry_name() returns trigger language plpgsql security definer set search_path = gp, pg_temp as $$
begin
  insert into change_log (practice, patient_no, was) values (old.practice, old.no, old.last_name || ', ' || old.first_name);
  update appointment a
     set patient_name = new.last_name || ', ' || new.first_name
   where a.patient_no = new.no and not a.arrived;
  return null;
end $$;
revoke execute on function gp.carry_name() from public;
create trigger carry_name after update of first_name, last_name on gp.patient
  for each row when ((old.first_name, old.last_name) is distinct from (new.first_name, new.last_name))
  execute function gp.carry_name();

create function gp.carry_phone() returns trigger language plpgsql security definer set search_path = gp, pg_temp as $$
begin
  update reminder r set phone = new.phone where r.practice = new.practice and r.patient_no = new.no;
  return null;
end $$;
revoke execute on function gp.carry_phone() from public;
create trigger carry_phone after update of phone on gp.patient
  for each row when (old.phone is distinct from new.phone and new.phone is not null) execute function gp.carry_phone();

alter table gp.practice enable row level security;
create policy own on gp.practice for select using (db_role = current_user);
do $$
declare t text;
begin
  foreach t in array array['room', 'doctor', 'patient', 'appointment', 'reminder', 'note', 'shot', 'change_log'] loop
    execute format('alter table gp.%I enable row level security', t);
    execute format('create policy own on gp.%I using (practice = (select gp.my_practice()))', t);
  end loop;
end $$;

grant usage on schema gp to prn_staff;
grant select on all tables in schema gp to prn_staff;
grant insert, update, delete on gp.room, gp.doctor, gp.appointment, gp.reminder, gp.note, gp.shot to prn_staff;
grant insert (practice, no, first_name, last_name, phone), update (first_name, last_name, phone), delete on gp.patient to prn_staff;
reset role;
