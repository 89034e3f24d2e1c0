create role theatreplan_owner nologin;
create role theatreplan_web nologin;
create role theatreplan_app login noinherit;
grant theatreplan_web to theatreplan_app;
create schema ext;
create extension btree_gist with schema ext;
grant usage on schema ext to public;
alter schema public owner to theatreplan_owner;
set role theatreplan_owner;

create table procedure_code (ops text primary key, title text not null);
create table team_function (code text primary key);
create table hospital (id uuid primary key, name text not null);
create table surgeon (hospital_id uuid not null references hospital, short text not null, full_name text not null, primary key (hospital_id, short));
create table patient (hospital_id uuid not null references hospital, id uuid not null default gen_random_uuid(), full_name text not null, blood_group text, primary key (hospital_id, id));
create table theatre (hospital_id uuid not null references hospital, code text not null check (code ~ '^OP[0-9]+$'), floor text not null, primary key (hospital_id, code));
create table booking (
  hospital_id uuid not null,
  id uuid not null default gen_random_uuid(),
  theatre text not null,
  during tstzrange not null,
  patient_id uuid not null,
  ops text not null references procedure_code,
  surgeon text not null,
  remark text,
  cancelled boolean not null default false,
  primary key (hospital_id, id),
  foreign key (hospital_id, theatre) references theatre (hospital_id, code),
  foreign key (hospital_id, patient_id) references patient (hospital_id, id),
  foreign key (hospital_id, surgeon) references surgeon (hospital_id, short),
  constraint one_at_a_time exclude using gist (theatre with =, during with &&) where (not cancelled)
);
create table booking_team (hospital_id uuid not null, booking_id uuid not null, function text not null references team_function, full_name text not null, primary key (hospital_id, booking_id, function),
  foreign key (hospital_id, booking_id) references booking (hospital_id, id) on delete cascade);
create table instrument_set (hospital_id uuid not null references hospital, code text not null, contents text not null, primary key (hospital_id, code));
create table checklist (hospital_id uuid not null, booking_id uuid not null, item text not null, ticked boolean not null default false, primary key (hospital_id, booking_id, item),
  foreign key (hospital_id, booking_id) references booking (hospital_id, id) on delete cascade);
create table incident (hospital_id uuid not null references hospital, id uuid not null default gen_random_uuid(), happened_at timestamptz not null, story text not null, primary key (hospital_id, id));

create function jwt_hospital() returns uuid language sql stable
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,hospital_id}')::uuid;

insert into procedure_code values ('5-470', 'Appendectomy'), ('5-511', 'Cholecystectomy');
insert into team_function values ('scrub'), ('anaesthesia');
insert into hospital values ('e1a00000-0000-4000-9000-00000000000a', 'St. Anna'), ('e1a00000-0000-4000-9000-00000000000b', 'St. Barbara bravo'), ('e1a00000-0000-4000-9000-00000000000c', 'Charité Süd bravo');
insert into surgeon select id, 'S1', 'Surgeon of ' || name from hospital;
insert into patient (hospital_id, full_name, blood_group) select id, 'Patient of ' || name, 'A ' || name from hospital;
insert into theatre select id, 'OP' || n, 'floor ' || n || ', ' || name from hospital, generate_series(1, 5) n;
insert into booking (hospital_id, theatre, during, patient_id, ops, surgeon, remark)
  select hospital_id, case hospital_id when 'e1a00000-0000-4000-9000-00000000000a' then 'OP1' when 'e1a00000-0000-4000-9000-00000000000b' then 'OP2' else 'OP3' end, '[2026-06-01 08:00+02, 2026-06-01 10:00+02)', id, '5-470', 'S1', 'for ' || full_name from patient;
insert into booking_team select hospital_id, id, 'scrub', 'Nurse ' || remark from booking;
insert into instrument_set select id, 'basic', 'scissors of ' || name from hospital;
insert into checklist select hospital_id, id, 'side marked, ' || remark from booking;
insert into incident (hospital_id, happened_at, story) select id, '2026-01-01 12:00+01', 'swab counted twice at ' || name from hospital;

do $$
declare t text;
begin
  foreach t in array array['surgeon', 'patient', 'theatre', 'booking', 'booking_team', 'instrument_set', 'checklist', 'incident'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy hospital on %I to theatreplan_web using (hospital_id = (select jwt_hospital()))', t);
  end loop;
end $$;
alter table hospital enable row level security;
create policy own on hospital for select to theatreplan_web using (id = (select jwt_hospital()));

grant select on all tables in schema public to theatreplan_web;
grant insert, update, delete on surgeon, patient, theatre, booking, booking_team, instrument_set, checklist, incident to theatreplan_web;
reset role;
