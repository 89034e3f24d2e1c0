create role telemon_owner nologin;
create role telemon_stores nologin;
create role telemon_app login;
alter schema public owner to telemon_owner;
set role telemon_owner;

create table device_type (code text primary key, title text not null);
create table quantity (code text primary key, unit_of_measure text not null);
create table unit (path text primary key check (path ~ '^[a-z]+([.][a-z]+)*$'), name text not null);
create table nurse (unit text not null references unit, no int not null, full_name text not null, primary key (unit, no));
create table patient (unit text not null references unit, id uuid not null default gen_random_uuid(), full_name text not null, phone text, primary key (unit, id));
-- The central stores buy devices and give them to the units.
create table device (unit text not null references unit, serial text not null unique, type text not null references device_type, label text not null, primary key (unit, serial));
create table device_loan (unit text not null, serial text not null, patient_id uuid not null, lent_on date not null, remark text, primary key (unit, serial, lent_on),
  foreign key (unit, serial) references device (unit, serial),
  foreign key (unit, patient_id) references patient (unit, id));
create table measurement (
  unit text not null,
  id uuid not null default gen_random_uuid(),
  patient_id uuid not null,
  device_serial text not null references device (serial),
  quantity text not null references quantity,
  value numeric not null,
  remark text,
  at timestamptz not null default now(),
  primary key (unit, id),
  foreign key (unit, patient_id) references patient (unit, id)
);
create table threshold (unit text not null, patient_id uuid not null, quantity text not null references quantity, low numeric, high numeric, set_by text not null, primary key (unit, patient_id, quantity),
  foreign key (unit, patient_id) references patient (unit, id));
create table alert (unit text not null, id uuid not null default gen_random_uuid(), measurement_id uuid not null, text text not null, primary key (unit, id),
  foreign key (unit, measurement_id) references measurement (unit, id) on delete cascade);
create table alert_comment (unit text not null, alert_id uuid not null, at timestamptz not null default now(), body text not null, primary key (unit, alert_id, at),
  foreign key (unit, alert_id) references alert (unit, id) on delete cascade);

-- A region's office works for all units below it.
create function in_my_unit(path text) returns boolean language sql stable
  return path = nullif(current_setting('tele.unit', true), '') or starts_with(path, nullif(current_setting('tele.unit', true), '') || '.');

insert into device_type values ('BP', 'Blood pressure cuff'), ('SC', 'Scale');
insert into quantity values ('sys', 'mmHg'), ('weight', 'kg');
insert into unit values ('de.nord.kiel', 'Kiel'), ('de.nord.husum', 'Husum bravo'), ('at.wien.sued', 'Wien Süd bravo'), ('de.sued.ulm', 'Ulm bravo');
insert into nurse select path, 1, 'Nurse of ' || name from unit;
insert into patient (unit, full_name, phone) select path, 'Patient of ' || name, '+49 ' || name from unit;
insert into device select path, 'OM-' || (7000 + 37 * row_number() over (order by name)), 'BP', 'cuff of ' || name from unit;
insert into device values ('de.nord.kiel', 'OM-5501', 'SC', 'spare scale'), ('de.nord.husum', 'OM-5502', 'SC', 'spare scale bravo');
insert into device_loan select d.unit, serial, p.id, '2026-01-01', label from device d join patient p using (unit) where type = 'BP';
insert into measurement (unit, patient_id, device_serial, quantity, value, remark) select unit, patient_id, serial, 'sys', 171, 'evening, ' || remark from device_loan;
insert into threshold select unit, id, 'sys', 100, 160, 'set for ' || full_name from patient;
insert into alert (unit, measurement_id, text) select unit, id, 'too high, ' || remark from measurement;
insert into alert_comment (unit, alert_id, body) select unit, id, 'called: ' || text from alert;

do $$
declare t text;
begin
  foreach t in array array['nurse', 'patient', 'device', 'device_loan', 'measurement', 'threshold', 'alert', 'alert_comment'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy below on %I to telemon_app using (in_my_unit(unit))', t);
  end loop;
end $$;
alter table unit enable row level security;
create policy below on unit for select to telemon_app using (in_my_unit(path));
create policy stores on device to telemon_stores using (true);

grant select on all tables in schema public to telemon_app;
grant insert, update, delete on nurse, patient, device_loan, measurement, threshold, alert, alert_comment to telemon_app;
grant update (label) on device to telemon_app;
grant select, insert, update, delete on device to telemon_stores;
reset role;
