create role hcsy_owner nologin;
create role hcsy_nurse nologin;
create role hcsy_api login noinherit;
grant hcsy_nurse to hcsy_api;
create schema care authorization hcsy_owner;
create schema api authorization hcsy_owner;
set role hcsy_owner;

create table care.agency (slug text primary key, name text not null);
create table care.task_type (code text primary key, label text not null, minutes int not null);
create table care.caregiver (agency text not null references care.agency, staff_no text not null, name text not null, active boolean not null default true, primary key (agency, staff_no));
create table care.tablet (agency text not null, tablet_no text not null, staff_no text, model text not null, primary key (agency, tablet_no), foreign key (agency, staff_no) references care.caregiver);
create table care.client (agency text not null references care.agency, client_no text not null, name text not null, address text not null, key_safe text, primary key (agency, client_no));
create table care.medication (agency text not null, client_no text not null, line int not null, drug text not null, dose text not null, primary key (agency, client_no, line), foreign key (agency, client_no) references care.client);
-- Visits are numbered by the tablet, so that they can be made without a network.
create table care.visit (
  visit_no text primary key check (visit_no ~ '^[a-z0-9]+-[0-9]+$'),
  agency text not null,
  client_no text not null,
  staff_no text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  summary text,
  unique (agency, visit_no),
  foreign key (agency, client_no) references care.client,
  foreign key (agency, staff_no) references care.caregiver
);
create table care.visit_task (agency text not null, visit_no text not null, task text not null references care.task_type, remark text, primary key (agency, visit_no, task), foreign key (agency, visit_no) references care.visit (agency, visit_no) on delete cascade);
create table care.visit_note (agency text not null, visit_no text not null, note_no int not null, body text not null, primary key (agency, visit_no, note_no), foreign key (agency, visit_no) references care.visit (agency, visit_no) on delete cascade);
create table care.sync_log (agency text not null, at timestamptz not null default now(), tablet_no text not null, accepted int not null, remark text);

insert into care.agency values ('sunrise', 'Sunrise Home Care'), ('bravo-care', 'bravo Care'), ('bravo-nord', 'bravo Nord');
insert into care.task_type values ('wash', 'Washing', 20), ('meds', 'Medication', 5), ('wound', 'Dressing', 15);
insert into care.caregiver values ('sunrise', 's1', 'Lena'), ('sunrise', 's2', 'Tom'), ('bravo-care', 's1', 'Olga bravo'), ('bravo-nord', 's1', 'Per bravo');
insert into care.tablet values ('sunrise', 't01', 's1', 'Tab A8'), ('bravo-care', 't07', 's1', 'Tab bravo'), ('bravo-nord', 't09', 's1', 'Tab bravo');
insert into care.client values ('sunrise', 'k1', 'Mrs. Lang', 'Elm 3', '1234'), ('bravo-care', 'k1', 'Mr. bravo', 'bravo road 4', 'bravo 9911'), ('bravo-nord', 'k1', 'Ms. bravo', 'bravo quay 8', 'bravo 4711');
insert into care.medication values ('sunrise', 'k1', 1, 'Bisoprolol', '5 mg'), ('bravo-care', 'k1', 1, 'bravo Insulin', '12 units'), ('bravo-nord', 'k1', 1, 'bravo Apixaban', '5 mg');
insert into care.visit values
  ('t01-1', 'sunrise', 'k1', 's1', '2026-03-02 08:00+00', '2026-03-02 08:30+00', 'all well'),
  ('t07-1', 'bravo-care', 'k1', 's1', '2026-03-02 08:10+00', '2026-03-02 08:50+00', 'bravo: fell at night, hospital called'),
  ('t09-1', 'bravo-nord', 'k1', 's1', '2026-03-02 09:00+00', null, 'bravo: no answer');
insert into care.visit_task values ('sunrise', 't01-1', 'wash', null), ('bravo-care', 't07-1', 'meds', 'bravo given'), ('bravo-nord', 't09-1', 'wound', 'bravo open');
insert into care.visit_note values ('sunrise', 't01-1', 1, 'daughter visiting'), ('bravo-care', 't07-1', 1, 'bravo doctor informed'), ('bravo-nord', 't09-1', 1, 'bravo key missing');
insert into care.sync_log (agency, tablet_no, accepted, remark) values ('sunrise', 't01', 1, null), ('bravo-care', 't07', 1, 'bravo'), ('bravo-nord', 't09', 1, 'bravo');

create function api.agency() returns text language sql stable
  as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'agency' $$;

do $$
declare t text;
begin
  foreach t in array array['caregiver', 'tablet', 'client', 'medication', 'visit', 'visit_task', 'visit_note', 'sync_log'] loop
    execute format('alter table care.%I enable row level security', t);
    execute format('create policy of_agency on care.%I to hcsy_nurse using (agency = (select api.agency())) with check (agency = (select api.agency()))', t);
  end loop;
end $$;
alter table care.agency enable row level security;
create policy of_agency on care.agency to hcsy_nurse using (slug = (select api.agency()));

create function api.pull(p_since timestamptz default '-infinity') returns jsonb language sql stable as $$
  select jsonb_build_object(
    'clients', (select coalesce(jsonb_agg(to_jsonb(c)), '[]') from care.client c),
    'visits', (select coalesce(jsonb_agg(to_jsonb(v)), '[]') from care.visit v where v.started_at >= p_since),
    'notes', (select coalesce(jsonb_agg(to_jsonb(n)), '[]') from care.visit_note n))
$$;

-- A tablet may send the same visit again: the last word counts.
create function api.push(p_tablet text, p_batch jsonb) returns int
language plpgsql security definer set search_path = care, api, pg_temp as $$
declare
  mine text := api.agency();
  v jsonb;
  n jsonb;
  done int := 0;
begin
  if mine is null or not exists (select from tablet t where t.agency = mine and t.tablet_no = p_tablet) then
    raise exception 'unknown tablet' using errcode = '28000';
  end if;
  for v in select * from jsonb_array_elements(coalesce(p_batch -> 'visits', '[]')) loop
    insert into visit (visit_no, agency, client_no, staff_no, started_at, ended_at, summary)
    values (v ->> 'visit_no', mine, v ->> 'client_no', v ->> 'staff_no',
            (v ->> 'started_at')::timestamptz, (v ->> 'ended_at')::timestamptz, v ->> 'summary')
    on conflict (visit_no) do update
      set ended_at = excluded.ended_at, summary = excluded.summary;
    done := done + 1;
  end loop;
  for n in select * from jsonb_array_elements(coalesce(p_batch -> 'notes', '[]')) loop
    insert into visit_note (agency, visit_no, note_no, body)
    values (mine, n ->> 'visit_no', (n ->> 'note_no')::int, n ->> 'body')
    on conflict (agency, visit_no, note_no) do update set body = excluded.body;
    done := done + 1;
  end loop;
  insert into sync_log (agency, tablet_no, accepted) values (mine, p_tablet, done);
  return done;
end $$;

revoke all on all functions in schema api from public;
grant usage on schema care, api to hcsy_nurse;
grant execute on all functions in schema api to hcsy_nurse;
grant select on all tables in schema care to hcsy_nurse;
grant insert, update, delete on care.client, care.medication, care.visit_task to hcsy_nurse;
reset role;
