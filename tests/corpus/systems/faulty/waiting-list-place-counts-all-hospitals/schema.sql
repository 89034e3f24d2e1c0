create role wlplace_owner nologin;
create role wlplace_app login;
alter schema public owner to wlplace_owner;
set role wlplace_owner;

create table specialty (code text primary key, title text not null);
create table urgency (grade int primary key, title text not null, within_days int not null);
create table hospital (code text primary key, name text not null);
create table app_user (user_name text primary key, hospital text not null references hospital, full_name text not null, active boolean not null default true);
create table ward (hospital text not null references hospital, code text not null, name text not null, beds int not null, primary key (hospital, code));
create table patient (hospital text not null references hospital, no int not null, name text not null, phone text, primary key (hospital, no));
create table referral (hospital text not null, no int not null, patient_no int not null, from_doctor text not null, letter text not null, primary key (hospital, no),
  foreign key (hospital, patient_no) references patient (hospital, no));
create table waiting_entry (
  hospital text not null, no int not null, patient_no int not null, specialty text not null references specialty, urgency int not null references urgency,
  listed_at timestamptz not null, taken_off_at timestamptz, remark text not null, primary key (hospital, no),
  foreign key (hospital, patient_no) references patient (hospital, no)
);
create index on waiting_entry (specialty, urgency, listed_at) where taken_off_at is null;
create table admission (hospital text not null, no int not null, patient_no int not null, ward text not null, planned_on date not null, note text not null, primary key (hospital, no),
  foreign key (hospital, patient_no) references patient (hospital, no), foreign key (hospital, ward) references ward (hospital, code));
create table discharge_letter (hospital text not null, admission_no int not null, body text not null, primary key (hospital, admission_no),
  foreign key (hospital, admission_no) references admission (hospital, no) on delete cascade);

-- who is signed in belongs to one hospital
create function my_hospital() returns text language sql stable security definer set search_path = public, pg_temp as $$
  select hospital from app_user where user_name = nullif(current_setting('app.user_name', true), '') and active
$$;

insert into specialty values ('ORT', 'Orthopaedics'), ('CAR', 'Cardiology');
insert into urgency values (1, 'soon', 14), (2, 'plannable', 180);
insert into hospital values ('AUG', 'Augusta'), ('BET', 'Bethesda bravo'), ('CLE', 'Clemens bravo');
insert into app_user select 'desk-' || lower(code), code, 'Desk of ' || name from hospital;
insert into ward select code, 'O1', 'Ward O1 of ' || name, 20 from hospital;
insert into patient select code, n, 'Patient ' || n || ' of ' || name, '0231 ' || name from hospital, generate_series(1, 4) n;
insert into referral select hospital, no, no, 'Dr. Hahn near ' || name, 'please operate, ' || name from patient;
insert into waiting_entry select hospital, no, no, 'ORT', 2, timestamptz '2026-01-01 08:00+00' + no * interval '1 day' - ascii(substr(hospital, 1, 1)) * interval '1 hour', null, 'left hip, ' || name from patient;
insert into admission select hospital, no, no, 'O1', '2026-08-03', 'comes by bus, ' || name from patient where no < 3;
insert into discharge_letter select hospital, no, 'Dear colleague, ' || note from admission;

do $$
declare t text;
begin
  foreach t in array array['ward', 'patient', 'referral', 'waiting_entry', 'admission', 'discharge_letter'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_hospital on %I using (hospital = my_hospital())', t);
  end loop;
end $$;
alter table hospital enable row level security;
create policy of_hospital on hospital for select using (code = my_hospital());
alter table app_user enable row level security;
create policy colleagues on app_user for select using (hospital = my_hospital());

-- the figures on the patients' page; no rights on the list itself are needed there
create function days_waited(entry int) returns int language sql stable security definer set search_path = public, pg_temp as $$
  select (coalesce(taken_off_at, now())::date - listed_at::date) from waiting_entry where hospital = my_hospital() and no = entry
$$;

create function place_of(entry int) returns text language sql stable security definer set search_path = public, pg_temp as $$
  select 'place ' || count(*)
  from waiting_entry mine
  join waiting_entry w on w.specialty = mine.specialty and w.taken_off_at is null
    and (w.urgency, w.listed_at) <= (mine.urgency, mine.listed_at)
  where mine.hospital = my_hospital() and mine.no = entry and mine.taken_off_at is null
$$;

create function take_off(entry int) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update waiting_entry set taken_off_at = now() where hospital = my_hospital() and no = entry and taken_off_at is null;
  return found;
end $$;

create view next_ten with (security_barrier) as
  select w.hospital, w.no, w.listed_at, p.name, w.remark,
    row_number() over (partition by w.specialty order by w.urgency, w.listed_at) as place
  from waiting_entry w join patient p on p.hospital = w.hospital and p.no = w.patient_no
  where w.hospital = my_hospital() and w.taken_off_at is null;

grant select on all tables in schema public to wlplace_app;
grant insert, update, delete on ward, patient, referral, waiting_entry, admission, discharge_letter to wlplace_app;
reset role;
