create role brkgls_owner nologin;
create role brkgls_user nologin;
create role brkgls_rest login noinherit;
grant brkgls_user to brkgls_rest;
alter schema public owner to brkgls_owner;
revoke create on schema public from public;
set role brkgls_owner;

create table emergency_reason (code text primary key, title text not null);
create table atc (code text primary key, title text not null);
create table clinic (id uuid primary key, name text not null);
create table staff (clinic_id uuid not null references clinic, id uuid not null, full_name text not null, profession text not null, primary key (clinic_id, id));
create table patient (
  clinic_id uuid not null references clinic, id uuid not null default gen_random_uuid(), full_name text not null, born date,
  restricted boolean not null default false,
  primary key (clinic_id, id)
);
create table chart_entry (
  clinic_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, author_id uuid not null,
  body text not null, sensitive boolean not null default false, written_at timestamptz not null default now(),
  primary key (clinic_id, id),
  foreign key (clinic_id, patient_id) references patient (clinic_id, id),
  foreign key (clinic_id, author_id) references staff (clinic_id, id)
);
create table allergy (clinic_id uuid not null, patient_id uuid not null, substance text not null, reaction text, primary key (clinic_id, patient_id, substance),
  foreign key (clinic_id, patient_id) references patient (clinic_id, id));
create table prescription (clinic_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, atc text not null references atc, sig text not null,
  primary key (clinic_id, id), foreign key (clinic_id, patient_id) references patient (clinic_id, id));
create table emergency_access (
  clinic_id uuid not null, id uuid not null default gen_random_uuid(), staff_id uuid not null, patient_id uuid not null,
  reason text not null references emergency_reason, remark text not null, expires_at timestamptz not null default now() + interval '4 hours',
  primary key (clinic_id, id),
  foreign key (clinic_id, staff_id) references staff (clinic_id, id),
  foreign key (clinic_id, patient_id) references patient (clinic_id, id)
);
create table access_log (clinic_id uuid not null references clinic, id uuid not null default gen_random_uuid(), staff_id uuid not null, what text not null, at timestamptz not null default now(), primary key (clinic_id, id));

create function claim(name text) returns text language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name
$$;
create function my_clinic() returns uuid language sql stable as $$ select claim('clinic_id')::uuid $$;
create function my_id() returns uuid language sql stable as $$ select claim('sub')::uuid $$;

create function note_emergency() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into access_log (clinic_id, staff_id, what) values (new.clinic_id, new.staff_id, 'emergency access: ' || new.remark);
  return null;
end $$;
create trigger noted after insert on emergency_access for each row execute function note_emergency();

insert into emergency_reason values ('UNC', 'Patient unconscious'), ('REA', 'Resuscitation');
insert into atc values ('N02BE01', 'Paracetamol'), ('C07AB02', 'Metoprolol');
insert into clinic values
  ('a7d1f1b0-0000-4000-8000-000000000001', 'St. Anna'),
  ('a7d1f1b0-0000-4000-8000-000000000002', 'Klinikum bravo'),
  ('a7d1f1b0-0000-4000-8000-000000000003', 'Reha bravo');
insert into staff select id, ('b7d1f1b0-0000-4000-8000-00000000000' || right(id::text, 1))::uuid, 'Dr. Weiss, ' || name, 'physician' from clinic;
insert into patient (clinic_id, full_name, born, restricted) select id, 'Patient ' || n || ', ' || name, ('1975-06-0' || n)::date, n = 3 from clinic, generate_series(1, 3) n;
insert into chart_entry (clinic_id, patient_id, author_id, body, sensitive)
  select p.clinic_id, p.id, s.id, k || ' of ' || p.full_name, k = 'psychiatric consult' from patient p join staff s using (clinic_id), unnest(array['admission', 'psychiatric consult']) k;
insert into allergy select clinic_id, id, 'penicillin', 'rash, ' || full_name from patient;
insert into prescription (clinic_id, patient_id, atc, sig) select clinic_id, id, 'N02BE01', '1-0-1 for ' || full_name from patient;
insert into emergency_access (clinic_id, staff_id, patient_id, reason, remark, expires_at)
  select p.clinic_id, s.id, p.id, 'UNC', 'brought in by ambulance, ' || p.full_name, now() + interval '4 hours' from patient p join staff s using (clinic_id) where p.restricted;

alter table clinic enable row level security;
create policy own on clinic for select using (id = my_clinic());
do $$
declare t text;
begin
  foreach t in array array['staff', 'allergy', 'prescription', 'access_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own on %I using (clinic_id = my_clinic())', t);
  end loop;
end $$;
-- one's own emergencies; nobody takes one back
alter table emergency_access enable row level security;
create policy seen on emergency_access for select using (clinic_id = my_clinic());
create policy declared on emergency_access for insert with check (clinic_id = my_clinic() and staff_id = my_id() and expires_at <= now() + interval '12 hours');

alter table patient enable row level security;
create policy own on patient using (clinic_id = my_clinic() and not restricted);
create policy emergency on patient for select using (
  exists (select from emergency_access e
           where e.clinic_id = my_clinic() and e.staff_id = my_id() and e.expires_at > now()
             and e.clinic_id = patient.clinic_id and e.patient_id = patient.id));
alter table chart_entry enable row level security;
create policy own on chart_entry using (clinic_id = my_clinic() and not sensitive);
-- In an emergency everything counts, also what was written about relatives.
create policy emergency on chart_entry for select using (
  exists (select from emergency_access e
           where e.clinic_id = my_clinic() and e.staff_id = my_id() and e.expires_at > now()));

grant select on all tables in schema public to brkgls_user;
grant insert, update, delete on patient, chart_entry, allergy, prescription to brkgls_user;
grant insert on emergency_access to brkgls_user;
reset role;
