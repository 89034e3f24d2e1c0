create role cumfind_owner nologin;
create role cumfind_portal login;
alter schema public owner to cumfind_owner;
set role cumfind_owner;

create table practice (id uuid primary key, name text not null, fax text);
create table analyte (code text primary key, title text not null, unit text, low numeric, high numeric);
create table price_list (analyte text not null references analyte, valid_from date not null, cents int not null, primary key (analyte, valid_from));
create table portal_user (practice uuid not null references practice, login text not null, full_name text not null, primary key (practice, login));
create table patient (
  practice uuid not null references practice, no int not null, insurance_no text not null, name text not null, born date,
  primary key (practice, no)
);
create index on patient (insurance_no);
create table request (
  practice uuid not null, id uuid not null default gen_random_uuid(), patient_no int not null, taken_at timestamptz not null,
  question text not null, state text not null default 'open' check (state in ('open', 'partial', 'final')),
  primary key (practice, id), foreign key (practice, patient_no) references patient (practice, no)
);
create table finding (
  practice uuid not null, request uuid not null, analyte text not null references analyte, value text not null, comment text not null,
  primary key (practice, request, analyte), foreign key (practice, request) references request (practice, id) on delete cascade
);
create table courier_stop (practice uuid not null references practice, day date not null, remark text not null, primary key (practice, day));
create table delivery (practice uuid not null, request uuid not null, channel text not null, target text not null,
  primary key (practice, request, channel), foreign key (practice, request) references request (practice, id) on delete cascade);

create function my_practice() returns uuid language sql stable
  return nullif(current_setting('portal.practice', true), '')::uuid;

insert into analyte values ('GLU', 'Glucose', 'mg/dl', 60, 100), ('TSH', 'TSH', 'mU/l', 0.4, 4), ('HIV', 'HIV antibody', null, null, null);
insert into price_list select code, '2026-01-01', 250 from analyte;
insert into practice values
  ('5f0c1a52-0000-4000-8000-00000000000a', 'Practice Ahorn', '0551 1'),
  ('5f0c1a52-0000-4000-8000-00000000000b', 'Practice Buche bravo', '0551 2'),
  ('5f0c1a52-0000-4000-8000-00000000000c', 'Clinic Celle bravo', '0551 3');
insert into portal_user select id, 'front', 'Desk of ' || name from practice;
-- the same people see more than one doctor
insert into patient select id, n, 'Q' || 700100 + n, 'Patient ' || n || ' of ' || name, date '1960-05-05' + n from practice, generate_series(1, 4) n;
insert into patient select id, 9, 'Q700101', 'Patient 1 (private) of ' || name, '1960-05-06' from practice;
insert into request (practice, patient_no, taken_at, question)
  select practice, no, timestamptz '2026-02-01 08:00+00' + no * interval '1 day', 'tired, says ' || name from patient;
insert into finding select practice, id, a, '1.2', 'measured twice; ' || question from request, unnest(array['GLU', 'TSH']) a;
insert into finding select practice, id, 'HIV', 'negative', 'consent on paper; ' || question from request where patient_no = 2;
insert into courier_stop select id, '2026-02-02', 'ring at ' || name from practice;
insert into delivery select practice, id, 'fax', 'front desk; ' || question from request;

do $$
declare t text;
begin
  foreach t in array array['portal_user', 'patient', 'request', 'finding', 'courier_stop', 'delivery'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_sender on %I using (practice = my_practice()) with check (practice = my_practice())', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy of_sender on practice for select using (id = my_practice());

-- the screens of the portal
create view v_open_request with (security_barrier) as
  select r.practice, r.id, r.taken_at, r.question, p.name
  from request r join patient p on p.practice = r.practice and p.no = r.patient_no
  where r.practice = my_practice() and r.state <> 'final';

create view v_finding with (security_barrier) as
  select f.practice, f.request, a.title, f.value, a.unit, f.comment
  from finding f join analyte a on a.code = f.analyte
  where f.practice = my_practice();

-- earlier values next to the new ones; a patient may have two files (insured and private), one insurance number
create view v_cumulative with (security_barrier) as
  select r.practice, r.id as request, f.analyte, h.taken_at, f.value, f.comment
  from request r
  join patient p on p.practice = r.practice and p.no = r.patient_no
  join patient same on same.insurance_no = p.insurance_no
  join request h on h.practice = same.practice and h.patient_no = same.no and h.id <> r.id
  join finding f on f.practice = h.practice and f.request = h.id
  where r.practice = my_practice();

create view v_month with (security_barrier) as
  select r.practice, date_trunc('month', r.taken_at) as month, count(*) as requests
  from request r where r.practice = my_practice() group by 1, 2;

grant select on all tables in schema public to cumfind_portal;
grant insert, update on request, patient, courier_stop to cumfind_portal;
grant insert, update, delete on portal_user to cumfind_portal;
reset role;
