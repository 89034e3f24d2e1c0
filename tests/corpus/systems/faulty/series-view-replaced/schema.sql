create role kgt_owner nologin;
create role kgt_gateway login noinherit;
create role kgt_member nologin;
grant kgt_member to kgt_gateway;
alter schema public owner to kgt_owner;
set role kgt_owner;

create function claim(name text) returns text language sql stable as
$$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name $$;
create function practice_of_claims() returns uuid language sql stable as $$ select claim('practice_id')::uuid $$;

create table remedy (code text primary key, title text not null, minutes int not null);
create table insurance_fund (ik text primary key, name text not null);
create table practice (id uuid primary key, name text not null, ik text);
create table therapist (practice_id uuid not null references practice, id uuid not null, name text not null, qualification text, primary key (practice_id, id));
create table patient (practice_id uuid not null references practice, id uuid not null default gen_random_uuid(), name text not null, born date, fund_ik text references insurance_fund,
  primary key (practice_id, id));
create table prescription (practice_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, remedy text not null references remedy, diagnosis text not null,
  units int not null check (units > 0), issued_on date not null, primary key (practice_id, id),
  foreign key (practice_id, patient_id) references patient (practice_id, id));
create table series (practice_id uuid not null, id uuid not null default gen_random_uuid(), prescription_id uuid not null, therapist_id uuid, goal text not null, closed_at timestamptz,
  primary key (practice_id, id),
  foreign key (practice_id, prescription_id) references prescription (practice_id, id),
  foreign key (practice_id, therapist_id) references therapist (practice_id, id));
create table session (practice_id uuid not null, series_id uuid not null, seq int not null, held_at timestamptz, note text, primary key (practice_id, series_id, seq),
  foreign key (practice_id, series_id) references series (practice_id, id) on delete cascade);
create table exercise_plan (practice_id uuid not null, series_id uuid not null, title text not null, body text not null, primary key (practice_id, series_id, title),
  foreign key (practice_id, series_id) references series (practice_id, id) on delete cascade);
create table co_payment (practice_id uuid not null, prescription_id uuid not null, amount numeric(8,2) not null, paid_by text not null, primary key (practice_id, prescription_id),
  foreign key (practice_id, prescription_id) references prescription (practice_id, id) on delete cascade);

do $$
declare t text;
begin
  foreach t in array array['therapist', 'patient', 'prescription', 'series', 'session', 'exercise_plan', 'co_payment'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy practice on %I to kgt_member using (practice_id = practice_of_claims())', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy own on practice for select to kgt_member using (id = practice_of_claims());

-- V014 views for the desk
create view v_patient_card with (security_invoker = true) as
  select p.id, p.name, p.born, f.name as fund from patient p left join insurance_fund f on f.ik = p.fund_ik;
create view v_open_series with (security_invoker = true) as
  select s.id, p.name as patient, r.diagnosis, s.goal, r.units
  from series s
  join prescription r on r.practice_id = s.practice_id and r.id = s.prescription_id
  join patient p on p.practice_id = r.practice_id and p.id = r.patient_id
  where s.closed_at is null;
create view v_session_sheet with (security_invoker = true) as
  select s.series_id, s.seq, s.held_at, s.note, t.name as therapist
  from session s
  join series x on x.practice_id = s.practice_id and x.id = s.series_id
  left join therapist t on t.practice_id = x.practice_id and t.id = x.therapist_id;

insert into remedy values ('KG', 'Physiotherapy', 20), ('MLD', 'Lymph drainage', 45);
insert into insurance_fund values ('109519005', 'Fund of the north'), ('108018007', 'Fund of the south');
insert into practice values
  ('7a000000-0000-4000-8000-000000000001', 'Physio am Markt', '441000001'),
  ('7b000000-0000-4000-8000-000000000002', 'Physio Brunnen bravo', '441000002'),
  ('7c000000-0000-4000-8000-000000000003', 'Physio Carre bravo', '441000003');
insert into therapist select id, gen_random_uuid(), 'Therapist of ' || name, 'manual therapy' from practice;
insert into patient (practice_id, name, born, fund_ik) select id, 'Patient ' || n || ' of ' || name, date '1960-01-01' + n, '109519005' from practice, generate_series(1, 3) n;
insert into prescription (practice_id, patient_id, remedy, diagnosis, units, issued_on) select practice_id, id, 'KG', 'M54.5, ' || name, 6, '2026-02-01' from patient;
insert into series (practice_id, prescription_id, therapist_id, goal)
  select r.practice_id, r.id, t.id, 'Climb stairs: ' || r.diagnosis from prescription r join therapist t using (practice_id);
insert into session select practice_id, id, n, now(), 'Unit ' || n || '. ' || goal from series, generate_series(1, 2) n;
insert into exercise_plan select practice_id, id, 'At home', 'Ten times a day. ' || goal from series;
insert into co_payment select practice_id, id, 22.4, 'cash, ' || diagnosis from prescription;

-- V031 the desk wants to see how many units are left
create or replace view v_open_series as
  select s.id, p.name as patient, r.diagnosis, s.goal, r.units,
    r.units - (select count(*) from session u where u.practice_id = s.practice_id and u.series_id = s.id and u.held_at is not null) as units_left
  from series s
  join prescription r on r.practice_id = s.practice_id and r.id = s.prescription_id
  join patient p on p.practice_id = r.practice_id and p.id = r.patient_id
  where s.closed_at is null;

grant select on all tables in schema public to kgt_member;
grant insert, update, delete on therapist, patient, prescription, series, session, exercise_plan, co_payment to kgt_member;
reset role;
