create role homealarm_owner nologin;
create role homealarm_ingest nologin;
create role homealarm_app login;
alter schema public owner to homealarm_owner;
set role homealarm_owner;

create table device_model (code text primary key, maker text not null);
create table case_state (code text primary key, final boolean not null);
create table org (id uuid primary key, name text not null);
create table caregiver (org_id uuid not null references org, id uuid not null default gen_random_uuid(), full_name text not null, primary key (org_id, id));
create table client (org_id uuid not null references org, id uuid not null default gen_random_uuid(), full_name text not null, address text, key_safe_code text, primary key (org_id, id));
create table client_contact (org_id uuid not null, client_id uuid not null, phone text not null, relation text not null, primary key (org_id, client_id, phone),
  foreign key (org_id, client_id) references client (org_id, id) on delete cascade);
create table device (org_id uuid not null, id uuid not null default gen_random_uuid(), client_id uuid not null, model text not null references device_model, place text not null, primary key (org_id, id),
  foreign key (org_id, client_id) references client (org_id, id));

-- What all events have; rows stand in the tables below only.
create table device_event (
  org_id uuid not null,
  id uuid not null default gen_random_uuid(),
  device_id uuid not null,
  at timestamptz not null default now(),
  remark text
);
create table fall_event (severity int not null, primary key (org_id, id), foreign key (org_id, device_id) references device (org_id, id)) inherits (device_event);
create table door_event (opened boolean not null, primary key (org_id, id), foreign key (org_id, device_id) references device (org_id, id)) inherits (device_event);
create table pulse_event (bpm int not null, primary key (org_id, id), foreign key (org_id, device_id) references device (org_id, id)) inherits (device_event);

create table alarm_case (org_id uuid not null references org, id uuid not null default gen_random_uuid(), client_id uuid not null, state text not null references case_state, summary text not null, primary key (org_id, id),
  foreign key (org_id, client_id) references client (org_id, id));
create table case_log (org_id uuid not null, case_id uuid not null, at timestamptz not null default now(), line text not null, primary key (org_id, case_id, at),
  foreign key (org_id, case_id) references alarm_case (org_id, id) on delete cascade);

create function alarm_org() returns uuid language sql stable return nullif(current_setting('alarm.org', true), '')::uuid;

insert into device_model values ('F1', 'Tunstall'), ('D2', 'Bosch'), ('P3', 'Withings');
insert into case_state values ('open', false), ('closed', true);
insert into org values ('0c000000-0000-4000-a000-00000000000a', 'Sonnenhof'), ('0c000000-0000-4000-a000-00000000000b', 'Waldhof bravo'), ('0c000000-0000-4000-a000-00000000000c', 'Seehof bravo');
insert into caregiver (org_id, full_name) select id, 'Carer of ' || name from org;
insert into client (org_id, full_name, address, key_safe_code) select id, 'Client of ' || name, 'Road at ' || name, '4711 ' || name from org;
insert into client_contact select org_id, id, '0170 ' || full_name, 'daughter, ' || full_name from client;
insert into device (org_id, client_id, model, place) select org_id, c.id, m.code, 'hall, ' || full_name from client c, device_model m;
insert into fall_event (org_id, device_id, remark, severity) select org_id, id, 'on the floor, ' || place, 3 from device where model = 'F1';
insert into door_event (org_id, device_id, remark, opened) select org_id, id, 'left at night, ' || place, true from device where model = 'D2';
insert into pulse_event (org_id, device_id, remark, bpm) select org_id, id, 'arrhythmia, ' || place, 131 from device where model = 'P3';
insert into alarm_case (org_id, client_id, state, summary) select org_id, id, 'open', 'ambulance for ' || full_name from client;
insert into case_log (org_id, case_id, line) select org_id, id, 'called, ' || summary from alarm_case;

do $$
declare t text;
begin
  foreach t in array array['caregiver', 'client', 'client_contact', 'device', 'fall_event', 'door_event', 'pulse_event', 'alarm_case', 'case_log'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy org on %I using (org_id = (select alarm_org()))', t);
    execute format('grant insert, update, delete on %I to homealarm_app', t);
  end loop;
end $$;
alter table org enable row level security, force row level security;
create policy own on org for select using (id = (select alarm_org()));
grant select on all tables in schema public to homealarm_app;
grant insert on fall_event, door_event, pulse_event to homealarm_ingest;
reset role;
