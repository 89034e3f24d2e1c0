create role teleslot_owner nologin;
create role teleslot_user nologin;
create role teleslot_api login noinherit;
grant teleslot_user to teleslot_api;
alter schema public owner to teleslot_owner;
set role teleslot_owner;

create table visit_kind (code text primary key, title text not null, minutes int not null);
create table device_kind (code text primary key, title text not null);
create table practice (id uuid primary key, name text not null, town text);
-- the register of physicians: a doctor works for several practices
create table physician (lanr text primary key, name text not null, field text not null);
create table engagement (practice uuid not null references practice, lanr text not null references physician, room text not null, primary key (practice, lanr));
create table patient (practice uuid not null references practice, no int not null, name text not null, email text, primary key (practice, no));
create table office_hour (practice uuid not null, lanr text not null, weekday int not null, opens time not null, closes time not null, remark text not null,
  primary key (practice, lanr, weekday), foreign key (practice, lanr) references engagement (practice, lanr) on delete cascade);
create table appointment (
  practice uuid not null, no uuid not null default gen_random_uuid(), lanr text not null, starts_at timestamptz not null, kind text not null references visit_kind,
  patient_no int not null, reason text not null, cancelled boolean not null default false, primary key (practice, no),
  foreign key (practice, lanr) references engagement (practice, lanr), foreign key (practice, patient_no) references patient (practice, no)
);
-- nobody is booked twice at the same minute
create unique index appointment_once on appointment (lanr, starts_at) where not cancelled;
create table call_note (practice uuid not null, appointment uuid not null, note text not null, primary key (practice, appointment),
  foreign key (practice, appointment) references appointment (practice, no) on delete cascade);
create table device_check (practice uuid not null, patient_no int not null, device text not null references device_kind, checked_on date not null, result text not null,
  primary key (practice, patient_no, device), foreign key (practice, patient_no) references patient (practice, no) on delete cascade);
create unique index patient_email on patient (practice, lower(email));

create function my_practice() returns uuid language sql stable
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'practice_id')::uuid;

insert into visit_kind values ('VID', 'Video call', 20), ('TEL', 'Telephone', 10);
insert into device_kind values ('CAM', 'Camera'), ('MIC', 'Microphone');
insert into physician values ('900000101', 'Dr. Engel', 'dermatology'), ('900000102', 'Dr. Falk', 'paediatrics');
insert into practice values
  ('0b51d7e0-1111-4111-8111-00000000000a', 'Skin online', 'Trier'),
  ('0b51d7e0-1111-4111-8111-00000000000b', 'Derma direct bravo', 'Fulda'),
  ('0b51d7e0-1111-4111-8111-00000000000c', 'Children call bravo', 'Worms');
insert into engagement select p.id, d.lanr, 'virtual room of ' || p.name from practice p, physician d;
insert into patient select id, n, 'Patient ' || n || ' of ' || name, n || '@' || replace(name, ' ', '-') || '.example' from practice, generate_series(1, 3) n;
insert into office_hour select practice, lanr, 1, '09:00', '12:00', 'ring first, ' || room from engagement;
insert into appointment (practice, lanr, starts_at, kind, patient_no, reason)
  select p.practice, '900000101', timestamptz '2026-07-06 09:00+00' + (p.no * 20 + (case right(p.practice::text, 1) when 'a' then 0 when 'b' then 60 else 120 end)) * interval '1 min',
    'VID', p.no, 'rash, ' || p.name from patient p;
insert into call_note select practice, no, 'line was bad; ' || reason from appointment;
insert into device_check select practice, no, 'CAM', '2026-07-01', 'dark picture, ' || name from patient;

alter table practice enable row level security, force row level security;
alter table engagement enable row level security, force row level security;
alter table patient enable row level security, force row level security;
alter table office_hour enable row level security, force row level security;
alter table appointment enable row level security, force row level security;
alter table call_note enable row level security, force row level security;
alter table device_check enable row level security, force row level security;
create policy own on practice for select using (id = my_practice());
create policy own on engagement using (practice = my_practice());
create policy own on patient using (practice = my_practice());
create policy own on office_hour using (practice = my_practice());
create policy own on appointment using (practice = my_practice());
create policy own on call_note using (practice = my_practice());
create policy own on device_check using (practice = my_practice());

create view day_sheet as
  select a.practice, a.starts_at, a.kind, p.name, a.reason, n.note
  from appointment a join patient p on p.practice = a.practice and p.no = a.patient_no
  left join call_note n on n.practice = a.practice and n.appointment = a.no
  where not a.cancelled;

create function book(physician_lanr text, at timestamptz, kind_of text, patient int, because text) returns uuid language sql as $$
  insert into appointment (practice, lanr, starts_at, kind, patient_no, reason)
  values (my_practice(), physician_lanr, at, kind_of, patient, because) returning no
$$;

grant select on all tables in schema public to teleslot_user;
grant insert, update, delete on engagement, patient, office_hour, appointment, call_note, device_check to teleslot_user;
reset role;
