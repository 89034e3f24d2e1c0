create role befundhaus_owner nologin;
create role befundhaus_user nologin;
create role befundhaus_refresh nologin;
create role befundhaus_app login noinherit;
grant befundhaus_user to befundhaus_app;
create schema lab authorization befundhaus_owner;
create schema report authorization befundhaus_owner;
set role befundhaus_owner;

create table lab.analyte (code text primary key, title text not null, unit text not null, low numeric, high numeric);
create table lab.priority (code text primary key, title text not null, minutes int not null);
create table lab.laboratory (code text primary key, name text not null, accredited_until date);
create table lab.sender (lab_code text not null references lab.laboratory, no int not null, practice text not null, phone text not null, primary key (lab_code, no));
create table lab.staff (lab_code text not null references lab.laboratory, initials text not null, full_name text not null, primary key (lab_code, initials));
create table lab.request (
  lab_code text not null, no int not null, sender_no int not null, patient text not null, priority text not null references lab.priority, received_at timestamptz not null default now(),
  primary key (lab_code, no), foreign key (lab_code, sender_no) references lab.sender (lab_code, no));
create table lab.result (
  lab_code text not null, request_no int not null, analyte text not null references lab.analyte, value numeric not null, comment text not null, signed_at timestamptz,
  primary key (lab_code, request_no, analyte), foreign key (lab_code, request_no) references lab.request (lab_code, no) on delete cascade);
create table lab.call_log (
  lab_code text not null, request_no int not null, called_at timestamptz not null default now(), told text not null, initials text not null,
  foreign key (lab_code, request_no) references lab.request (lab_code, no) on delete cascade);
create table lab.qc_run (lab_code text not null references lab.laboratory, day date not null, device text not null, remark text, primary key (lab_code, day, device));

insert into lab.analyte values ('K', 'Potassium', 'mmol/l', 3.5, 5.1), ('NA', 'Sodium', 'mmol/l', 135, 145), ('TNT', 'Troponin T', 'ng/l', 0, 14);
insert into lab.priority values ('R', 'routine', 1440), ('E', 'emergency', 60);
insert into lab.laboratory values ('HB', 'Labor Weser', '2028-12-31'), ('KI', 'Labor Förde bravo', '2027-06-30'), ('LG', 'Labor Heide bravo', '2029-01-31');
insert into lab.sender select code, n, 'Practice ' || n || ' of ' || name, '0421/' || n || ' ' || name from lab.laboratory, generate_series(1, 2) n;
insert into lab.staff select code, 'AB', 'Anke B., ' || name from lab.laboratory;
insert into lab.request select code, n, 1 + n % 2, 'Patient ' || n || ' of ' || name, case n when 2 then 'E' else 'R' end from lab.laboratory, generate_series(1, 4) n;
insert into lab.result select lab_code, no, 'K', 4.1 + no * 0.8, 'not haemolytic, ' || patient, now() from lab.request;
insert into lab.call_log select r.lab_code, r.no, now(), 'spoke to ' || s.practice, 'AB' from lab.request r join lab.sender s on s.lab_code = r.lab_code and s.no = r.sender_no where r.no = 2;
insert into lab.qc_run select code, '2026-03-02', 'Cobas of ' || name, 'level 1 and 2 good, ' || name from lab.laboratory;

create function lab.current_lab() returns text language sql stable as $$
  select nullif(current_setting('request.jwt.claims', true), '')::jsonb -> 'app_metadata' ->> 'lab'
$$;

-- the figures of the dashboard are computed at night; each cache has a view that shows a laboratory its own lines
create materialized view report.m_turnaround as
  select r.lab_code, r.priority, l.name as laboratory, count(*) as requests, avg(x.signed_at - r.received_at) as mean_time
    from lab.request r join lab.result x on x.lab_code = r.lab_code and x.request_no = r.no join lab.laboratory l on l.code = r.lab_code
   group by 1, 2, 3;
create unique index on report.m_turnaround (lab_code, priority);
create view report.turnaround with (security_barrier) as
  select priority, requests, mean_time from report.m_turnaround where lab_code = lab.current_lab();

create materialized view report.m_sender_volume as
  select s.lab_code, s.no, s.practice, count(r.no) as requests from lab.sender s left join lab.request r on r.lab_code = s.lab_code and r.sender_no = s.no group by 1, 2, 3;
create unique index on report.m_sender_volume (lab_code, no);
create view report.sender_volume with (security_barrier) as
  select no, practice, requests from report.m_sender_volume where lab_code = lab.current_lab();

do $$
declare t text;
begin
  foreach t in array array['sender', 'staff', 'request', 'result', 'call_log', 'qc_run'] loop
    execute format('alter table lab.%I enable row level security', t);
    execute format('create policy lab on lab.%I to befundhaus_user using (lab_code = lab.current_lab()) with check (lab_code = lab.current_lab())', t);
  end loop;
end $$;
alter table lab.laboratory enable row level security;
create policy own on lab.laboratory for select to befundhaus_user using (code = lab.current_lab());

grant usage on schema lab, report to befundhaus_user;
grant select on all tables in schema lab to befundhaus_user;
grant insert, update, delete on lab.sender, lab.staff, lab.request, lab.result, lab.call_log, lab.qc_run to befundhaus_user;
grant select on report.turnaround, report.sender_volume to befundhaus_user;

-- release 5: values that had to be called in, with who was called
create materialized view report.m_critical_value as
  select x.lab_code, x.request_no, r.patient, a.title, x.value, c.told
    from lab.result x
    join lab.request r on r.lab_code = x.lab_code and r.no = x.request_no
    join lab.analyte a on a.code = x.analyte
    left join lab.call_log c on c.lab_code = r.lab_code and c.request_no = r.no
   where x.value not between a.low and a.high;
create unique index on report.m_critical_value (lab_code, request_no, title);
create view report.critical_value with (security_barrier) as
  select request_no, patient, title, value, told from report.m_critical_value where lab_code = lab.current_lab();
grant select on report.m_critical_value, report.critical_value to befundhaus_user;

-- the nightly job belongs to the owner; the job's role may start it and nothing else
create function report.refresh_all() returns void language plpgsql security definer set search_path = report, pg_temp as $$
begin
  refresh materialized view m_turnaround;
  refresh materialized view m_sender_volume;
  refresh materialized view m_critical_value;
end $$;
revoke execute on function report.refresh_all() from public;
grant usage on schema report to befundhaus_refresh;
grant execute on function report.refresh_all() to befundhaus_refresh;
reset role;
