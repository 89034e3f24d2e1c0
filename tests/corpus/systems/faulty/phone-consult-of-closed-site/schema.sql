create role phonedesk_owner nologin;
create role phonedesk_app login;
alter schema public owner to phonedesk_owner;
set role phonedesk_owner;

create table appointment_kind (code text primary key, minutes int not null);
create table practice_group (id uuid primary key, name text not null);
create table site (
  group_id uuid not null references practice_group,
  id uuid not null,
  name text not null,
  city text,
  primary key (group_id, id)
);
create table staff (
  group_id uuid not null,
  id uuid not null default gen_random_uuid(),
  site_id uuid not null,
  full_name text not null,
  job text not null default 'nurse',
  primary key (group_id, id),
  foreign key (group_id, site_id) references site (group_id, id)
);
create table patient (
  group_id uuid not null,
  id uuid not null default gen_random_uuid(),
  site_id uuid not null,
  full_name text not null,
  born_on date,
  phone text,
  primary key (group_id, id),
  foreign key (group_id, site_id) references site (group_id, id)
);
create table appointment (
  group_id uuid not null,
  id uuid not null default gen_random_uuid(),
  site_id uuid not null,
  patient_id uuid not null,
  kind text not null references appointment_kind,
  starts_at timestamptz not null,
  reason text,
  primary key (group_id, id),
  foreign key (group_id, site_id) references site (group_id, id),
  foreign key (group_id, patient_id) references patient (group_id, id)
);
-- A site that closes leaves its calls to the group.
create table phone_consult (
  group_id uuid not null references practice_group,
  id uuid not null default gen_random_uuid(),
  site_id uuid,
  called_at timestamptz not null default now(),
  caller text not null,
  advice text,
  primary key (group_id, id),
  foreign key (group_id, site_id) references site (group_id, id) on delete set null (site_id)
);
create table consult_task (
  group_id uuid not null,
  id uuid not null default gen_random_uuid(),
  site_id uuid not null,
  consult_id uuid not null,
  todo text not null,
  done boolean not null default false,
  primary key (group_id, id),
  foreign key (group_id, site_id) references site (group_id, id),
  foreign key (group_id, consult_id) references phone_consult (group_id, id)
);
create table prescription (
  group_id uuid not null,
  id uuid not null default gen_random_uuid(),
  site_id uuid not null,
  patient_id uuid not null,
  drug text not null,
  dose text,
  primary key (group_id, id),
  foreign key (group_id, site_id) references site (group_id, id),
  foreign key (group_id, patient_id) references patient (group_id, id)
);

create function desk_group() returns uuid language sql stable
  return nullif(current_setting('desk.group', true), '')::uuid;
create function desk_sites() returns uuid[] language sql stable
  return coalesce(nullif(current_setting('desk.sites', true), '')::uuid[], '{}');

insert into appointment_kind values ('check', 15), ('vaccination', 10), ('phone', 5);
insert into practice_group values ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0a01', 'Ahornpraxen'), ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0b02', 'Birkenpraxen bravo'), ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0c03', 'Seepraxen bravo');
insert into site values
  ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0a01', '5e000000-0000-4000-8000-0000000000a1', 'Ahorn Mitte', 'Ulm'), ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0a01', '5e000000-0000-4000-8000-0000000000a2', 'Ahorn West', 'Ulm'),
  ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0b02', '5e000000-0000-4000-8000-0000000000b1', 'Birke Nord bravo', 'Kiel bravo'), ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0b02', '5e000000-0000-4000-8000-0000000000b2', 'Birke Hafen bravo', 'Kiel bravo'),
  ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0c03', '5e000000-0000-4000-8000-0000000000c1', 'Seepraxis bravo', 'Konstanz bravo');
insert into staff (group_id, site_id, full_name, job)
  select group_id, id, 'Nurse of ' || name, case when group_id = '7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0a01' then 'nurse' else 'nurse bravo' end from site;
insert into patient (group_id, site_id, full_name, born_on, phone)
  select group_id, id, 'Patient of ' || name, date '1980-05-02', case when group_id = '7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0a01' then '0731 1' else '0431 bravo' end from site;
insert into appointment (group_id, site_id, patient_id, kind, starts_at, reason)
  select group_id, site_id, id, 'check', '2026-03-02 09:00+01', 'yearly check, ' || full_name from patient;
insert into prescription (group_id, site_id, patient_id, drug, dose)
  select group_id, site_id, id, case when group_id = '7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0a01' then 'ramipril' else 'ramipril bravo' end, '1-0-0' from patient;
insert into phone_consult (group_id, site_id, caller, advice)
  select group_id, site_id, full_name, 'rest and tea for ' || full_name from patient;
insert into consult_task (group_id, site_id, consult_id, todo)
  select group_id, site_id, id, 'call back ' || caller from phone_consult;
-- from sites that were closed last year
insert into phone_consult (group_id, site_id, caller, advice) values
  ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0a01', null, 'Old patient', 'see the eye clinic'),
  ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0b02', null, 'Greta bravo', 'lump in the breast, ultrasound, bravo'),
  ('7c1f0a52-0b51-4b1c-9a35-0d6f5b1f0c03', null, 'Timo bravo', 'methadone dose raised, bravo');

alter table practice_group enable row level security, force row level security;
create policy own on practice_group for select using (id = desk_group());
alter table site enable row level security, force row level security;
create policy own on site for select using (id = any (desk_sites()) and group_id = desk_group());

do $$
declare t text;
begin
  foreach t in array array['staff', 'patient', 'appointment', 'consult_task', 'prescription', 'phone_consult'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy add on %I for insert with check (group_id = desk_group() and site_id = any (desk_sites()))', t);
    execute format('create policy change on %I for update using (group_id = desk_group() and site_id = any (desk_sites()))', t);
    execute format('create policy remove on %I for delete using (group_id = desk_group() and site_id = any (desk_sites()))', t);
    if t <> 'phone_consult' then
      execute format('create policy read on %I for select using (site_id = any (desk_sites()))', t);
    end if;
  end loop;
end $$;
create policy read on phone_consult for select using (site_id is null or site_id = any (desk_sites()));

grant select on all tables in schema public to phonedesk_app;
grant insert, update, delete on staff, patient, appointment, phone_consult, consult_task, prescription to phonedesk_app;
reset role;
