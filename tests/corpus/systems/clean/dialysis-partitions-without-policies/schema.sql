create role dialsect_owner nologin;
create role dialsect_nurse nologin;
create role dialsect_amsel nologin;
create role dialsect_buchfink nologin;
create role dialsect_corvus nologin;
create role dialsect_archive nologin;
create role dialsect_app login noinherit;
grant dialsect_nurse to dialsect_amsel, dialsect_buchfink, dialsect_corvus;
grant dialsect_amsel, dialsect_buchfink, dialsect_corvus to dialsect_app;
alter schema public owner to dialsect_owner;
create schema part authorization dialsect_owner;
set role dialsect_owner;

create table dialyzer (model text primary key, area numeric not null);
create table access_kind (code text primary key, title text not null);
create table centre (code text primary key, name text not null);
create table chair (centre text not null references centre, no int not null, place text not null, primary key (centre, no));
create table patient (centre text not null references centre, no int not null, name text not null, access text not null references access_kind, primary key (centre, no));
create table session (
  centre text not null, patient_no int not null, day date not null, chair_no int not null, dialyzer text not null references dialyzer, note text not null,
  primary key (centre, patient_no, day), foreign key (centre, patient_no) references patient (centre, no), foreign key (centre, chair_no) references chair (centre, no)
);
-- a value a minute: one partition for each centre, in a schema of its own
create table reading (
  centre text not null, patient_no int not null, at timestamptz not null, pressure int not null, alarm text not null, primary key (centre, patient_no, at),
  foreign key (centre, patient_no) references patient (centre, no) on delete cascade
) partition by list (centre);
create table part.reading_amsel partition of reading for values in ('dialsect_amsel');
create table part.reading_buchfink partition of reading for values in ('dialsect_buchfink');
create table part.reading_corvus partition of reading for values in ('dialsect_corvus');
-- and one for each year
create table lab_value (
  centre text not null, patient_no int not null, taken_on date not null, analyte text not null, value numeric not null, remark text not null, primary key (centre, patient_no, taken_on, analyte),
  foreign key (centre, patient_no) references patient (centre, no)
) partition by range (taken_on);
create table part.lab_value_2025 partition of lab_value for values from ('2025-01-01') to ('2026-01-01');
create table part.lab_value_2026 partition of lab_value for values from ('2026-01-01') to ('2027-01-01');
create table part.lab_value_later partition of lab_value default;
create table guest_request (centre text not null references centre, no int not null, traveller text not null, wish text not null, primary key (centre, no));

insert into dialyzer values ('FX80', 1.8), ('FX100', 2.2);
insert into access_kind values ('AVF', 'Fistula'), ('CVC', 'Catheter');
insert into centre values ('dialsect_amsel', 'Amsel'), ('dialsect_buchfink', 'Buchfink bravo'), ('dialsect_corvus', 'Corvus bravo');
insert into chair select code, n, 'window ' || n || ' of ' || name from centre, generate_series(1, 2) n;
insert into patient select code, n, 'Patient ' || n || ' of ' || name, 'AVF' from centre, generate_series(1, 3) n;
insert into session select centre, no, '2026-03-02', 1, 'FX80', 'cramps, ' || name from patient;
insert into reading select centre, no, timestamptz '2026-03-02 07:00+00' + n * interval '1 min', 110 + n, 'low flow, ' || name from patient, generate_series(1, 3) n;
insert into lab_value select centre, no, d, 'K', 5.1, 'before the session, ' || name from patient, unnest(array[date '2025-11-03', date '2026-02-02', date '2027-01-04']) d;
insert into guest_request select code, 1, 'Traveller to ' || name, 'a week in June, ' || name from centre;

alter table centre enable row level security;
create policy own on centre for select using (code = current_user);
alter table chair enable row level security;
create policy own on chair using (centre = current_user);
alter table patient enable row level security;
create policy own on patient using (centre = current_user);
alter table session enable row level security;
create policy own on session using (centre = current_user);
-- the policy of the partitioned table is asked, not those of the partitions
alter table reading enable row level security;
create policy own on reading using (centre = current_user);
alter table lab_value enable row level security;
create policy own on lab_value using (centre = current_user);
alter table guest_request enable row level security;
create policy own on guest_request using (centre = current_user);

create function last_alarms(many int) returns table (patient_no int, at timestamptz, alarm text) language sql stable as $$
  select r.patient_no, r.at, r.alarm from reading r order by r.at desc limit least(many, 100)
$$;

-- detaches a whole year; for the archive's login, which is no application
create function drop_year(year int) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  execute format('alter table lab_value detach partition part.%I', 'lab_value_' || year);
end $$;
revoke execute on function drop_year(int) from public;
grant execute on function drop_year(int) to dialsect_archive;
grant usage on schema part to dialsect_archive;
grant select on all tables in schema part to dialsect_archive;

grant select on dialyzer, access_kind, centre, chair, patient, session, reading, lab_value, guest_request to dialsect_nurse;
grant insert, update, delete on chair, patient, session, reading, lab_value, guest_request to dialsect_nurse;
reset role;
