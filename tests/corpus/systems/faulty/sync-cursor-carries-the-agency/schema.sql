create role hcsync_owner nologin;
create role hcsync_app login;
alter schema public owner to hcsync_owner;
revoke create on schema public from public;
set role hcsync_owner;

create table task_kind (code text primary key, title text not null, minutes int not null);
create table care_level (level int primary key, title text not null);
create table agency (agency_id uuid primary key, name text not null, city text not null);
create table caregiver (
  agency_id uuid not null references agency, no int not null, full_name text not null, phone text,
  primary key (agency_id, no)
);
create table client (
  agency_id uuid not null references agency, no int not null, full_name text not null, address text not null,
  key_box text, level int references care_level,
  primary key (agency_id, no)
);
create table medication_plan (
  agency_id uuid not null, client_no int not null, line int not null, drug text not null, dose text not null,
  primary key (agency_id, client_no, line),
  foreign key (agency_id, client_no) references client (agency_id, no) on delete cascade
);
create table visit (
  agency_id uuid not null, visit_id uuid not null default gen_random_uuid(), client_no int not null, caregiver_no int not null,
  planned_at timestamptz not null, arrived_at timestamptz, note text,
  primary key (agency_id, visit_id),
  foreign key (agency_id, client_no) references client (agency_id, no),
  foreign key (agency_id, caregiver_no) references caregiver (agency_id, no)
);
create table visit_task (
  agency_id uuid not null, visit_id uuid not null, kind text not null references task_kind, done boolean not null default false, remark text,
  primary key (agency_id, visit_id, kind),
  foreign key (agency_id, visit_id) references visit (agency_id, visit_id) on delete cascade
);
create table device (
  agency_id uuid not null, device_id text not null, caregiver_no int not null, model text not null, synced_at timestamptz,
  primary key (agency_id, device_id),
  foreign key (agency_id, caregiver_no) references caregiver (agency_id, no)
);
-- what the phones fetch; numbered per agency, so that nobody sees the others' pace
create table change_counter (agency_id uuid primary key references agency, last_no bigint not null, title text not null);
create table change_log (
  agency_id uuid not null references agency, no bigint not null, entity text not null, removed boolean not null, payload jsonb not null,
  primary key (agency_id, no)
);

create function current_agency() returns uuid language sql stable
  return nullif(current_setting('care.agency', true), '')::uuid;

create function log_change() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  body jsonb := to_jsonb(case when tg_op = 'DELETE' then old else new end);
  next_no bigint;
begin
  insert into change_counter as c select a.agency_id, 1, 'phones of ' || a.name from agency a where a.agency_id = (body ->> 'agency_id')::uuid
    on conflict (agency_id) do update set last_no = c.last_no + 1
    returning last_no into next_no;
  insert into change_log values ((body ->> 'agency_id')::uuid, next_no, tg_table_name, tg_op = 'DELETE', body);
  return null;
end $$;
create trigger changes after insert or update or delete on client for each row execute function log_change();
create trigger changes after insert or update or delete on medication_plan for each row execute function log_change();
create trigger changes after insert or update or delete on visit for each row execute function log_change();

-- The phone hands back the cursor of its last page; the first page has none.
create function pull_changes(after_cursor text default null, page int default 50)
  returns table (next_cursor text, entity text, removed boolean, payload jsonb)
  language plpgsql stable security definer set search_path = public, pg_temp as $$
declare
  parts text[] := array[current_agency()::text, '0'];
begin
  if current_agency() is null then
    raise exception 'no agency is chosen' using errcode = '42501';
  end if;
  if after_cursor is not null then
    parts := string_to_array(convert_from(decode(after_cursor, 'base64'), 'UTF8'), ':');
  end if;
  return query
    select encode(convert_to(c.agency_id || ':' || c.no, 'UTF8'), 'base64'), c.entity, c.removed, c.payload
      from change_log c
     where c.agency_id = parts[1]::uuid and c.no > parts[2]::bigint
     order by c.no
     limit least(page, 200);
end $$;

create function register_device(id text, caregiver int, phone_model text) returns void language sql as $$
  insert into device (agency_id, device_id, caregiver_no, model) values (current_agency(), id, caregiver, phone_model)
    on conflict (agency_id, device_id) do update set caregiver_no = excluded.caregiver_no, synced_at = now();
$$;

insert into task_kind values ('wash', 'Washing', 20), ('meds', 'Medication', 5), ('wound', 'Wound care', 15);
insert into care_level values (1, 'slight'), (2, 'considerable'), (3, 'severe');
insert into agency values
  ('3f0c1b52-0a51-4c7e-9a55-0e1d6a7f0001', 'Lindenhof', 'Celle'),
  ('3f0c1b52-0a51-4c7e-9a55-0e1d6a7f0002', 'Pflege bravo', 'Uelzen'),
  ('3f0c1b52-0a51-4c7e-9a55-0e1d6a7f0003', 'Daheim bravo', 'Soltau');
insert into caregiver select agency_id, n, 'Nurse ' || n || ' of ' || name, '0171 55' || n from agency, generate_series(1, 2) n;
insert into client select agency_id, n, 'Client ' || n || ' of ' || name, 'Elm street ' || n || ', ' || name, 'box 44' || n || ' ' || name, 2 from agency, generate_series(1, 3) n;
insert into medication_plan select c.agency_id, c.no, 1, 'Ramipril, ' || c.full_name, '5 mg' from client c;
insert into visit (agency_id, client_no, caregiver_no, planned_at, note)
  select agency_id, no, 1, '2026-03-02 08:00+00', 'ring twice, ' || full_name from client;
insert into visit_task select agency_id, visit_id, 'meds', false, 'before breakfast, ' || note from visit;
insert into device select agency_id, 'phone-' || no, no, 'Pixel of ' || full_name from caregiver;

alter table agency enable row level security;
create policy own on agency for select using (agency_id = current_agency());
do $$
declare t text;
begin
  foreach t in array array['caregiver', 'client', 'medication_plan', 'visit', 'visit_task', 'device', 'change_log', 'change_counter'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy agency on %I using (agency_id = current_agency()) with check (agency_id = current_agency())', t);
  end loop;
end $$;

grant select on task_kind, care_level, agency to hcsync_app;
grant select, insert, update, delete on caregiver, client, medication_plan, visit, visit_task, device to hcsync_app;
revoke execute on all functions in schema public from public;
grant execute on function current_agency(), pull_changes(text, int), register_device(text, int, text) to hcsync_app;
reset role;
