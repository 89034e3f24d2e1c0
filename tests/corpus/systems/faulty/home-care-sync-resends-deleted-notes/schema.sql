create role tourly_owner nologin;
create role tourly_app login;
alter schema public owner to tourly_owner;
revoke create on schema public from public;
set role tourly_owner;

create table service_type (code text primary key, title text not null, minutes int not null);
create table agency (id uuid primary key, name text not null, town text not null, revision bigint not null default 0);
create table employee (
  agency_id uuid not null references agency, id uuid not null default gen_random_uuid(),
  full_name text not null, phone text, left_on date, primary key (agency_id, id));
create table device (
  agency_id uuid not null, id uuid not null default gen_random_uuid(), employee_id uuid not null,
  label text not null, push_token text, last_seen timestamptz, primary key (agency_id, id),
  foreign key (agency_id, employee_id) references employee (agency_id, id) on delete cascade);
create table client (
  agency_id uuid not null references agency, id uuid not null default gen_random_uuid(),
  name text not null, address text not null, key_box text, revision bigint not null default 0, deleted_at timestamptz,
  primary key (agency_id, id));
create table care_plan_item (
  agency_id uuid not null, id uuid not null default gen_random_uuid(), client_id uuid not null,
  service text not null references service_type, instruction text not null, primary key (agency_id, id),
  foreign key (agency_id, client_id) references client (agency_id, id) on delete cascade);
create table tour (
  agency_id uuid not null, id uuid not null default gen_random_uuid(), employee_id uuid not null, day date not null, title text not null,
  primary key (agency_id, id), foreign key (agency_id, employee_id) references employee (agency_id, id));
create table visit (
  agency_id uuid not null, id uuid not null default gen_random_uuid(), tour_id uuid not null, client_id uuid not null,
  planned_at timestamptz not null, arrived_at timestamptz, left_at timestamptz, remark text,
  revision bigint not null default 0, deleted_at timestamptz, primary key (agency_id, id),
  foreign key (agency_id, tour_id) references tour (agency_id, id),
  foreign key (agency_id, client_id) references client (agency_id, id));
create table visit_note (
  agency_id uuid not null, id uuid not null default gen_random_uuid(), visit_id uuid not null, body text not null, photo_key text,
  revision bigint not null default 0, deleted_at timestamptz, primary key (agency_id, id),
  foreign key (agency_id, visit_id) references visit (agency_id, id));
create table sync_log (
  agency_id uuid not null references agency, device text not null, at timestamptz not null default clock_timestamp(), since bigint, result text not null);

insert into service_type values ('GP', 'Basic care', 25), ('BP', 'Treatment care', 10), ('HW', 'Household', 45);
insert into agency (id, name, town, revision) values
  ('a1000000-0000-4000-8000-000000000001', 'Sonnenhof', 'Plön', 40),
  ('b2000000-0000-4000-8000-000000000002', 'Lindenpflege bravo', 'Eutin bravo', 55),
  ('c3000000-0000-4000-8000-000000000003', 'Kieler Förde bravo', 'Kiel bravo', 12);
insert into employee (agency_id, full_name, phone) select id, 'Nurse of ' || name, '0431 ' || town from agency;
insert into device (agency_id, employee_id, label, push_token) select agency_id, id, 'Tablet, ' || full_name, 'fcm ' || full_name from employee;
insert into client (agency_id, name, address, key_box, revision, deleted_at)
  select id, 'Client ' || n || ' of ' || name, n || ' Dorfstraße, ' || town, '47' || n || ' ' || name, n, case n when 3 then now() end from agency, generate_series(1, 3) n;
insert into care_plan_item (agency_id, client_id, service, instruction) select agency_id, id, 'GP', 'Wash and dress ' || name from client;
insert into tour (agency_id, employee_id, day, title) select agency_id, id, '2026-05-04', 'Early tour, ' || full_name from employee;
insert into visit (agency_id, tour_id, client_id, planned_at, remark, revision)
  select t.agency_id, t.id, c.id, '2026-05-04 07:00+02', 'Ring twice at ' || c.name, 10 from tour t join client c using (agency_id);
insert into visit_note (agency_id, visit_id, body, photo_key, revision, deleted_at)
  select v.agency_id, v.id, 'Wound dry. ' || v.remark, 'photo/' || v.remark, 20 + n, case n when 2 then now() end from visit v, generate_series(1, 2) n;
insert into sync_log (agency_id, device, since, result) select agency_id, label, 0, 'ok ' || label from device;

create function current_agency() returns uuid language sql stable as $$ select nullif(current_setting('tourly.agency', true), '')::uuid $$;

-- each change gets the next number of its agency; the tablets ask for what is newer than theirs
create function stamp_revision() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update agency set revision = revision + 1 where id = new.agency_id and id = current_agency() returning revision into new.revision;
  return new;
end $$;
create trigger stamp before insert or update on client for each row execute function stamp_revision();
create trigger stamp before insert or update on visit for each row execute function stamp_revision();
create trigger stamp before insert or update on visit_note for each row execute function stamp_revision();

do $$
declare t text;
begin
  foreach t in array array['employee', 'device', 'client', 'care_plan_item', 'tour', 'visit', 'visit_note', 'sync_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy agency on %I using (agency_id = current_agency()) with check (agency_id = current_agency())', t);
  end loop;
end $$;
alter table agency enable row level security;
create policy own on agency for select using (id = current_agency());
/* What a tablet has to fetch. Runs as the owner, for one pass over the tables without a policy per row.
   Deleted rows are sent each time: a tablet that lay in the car for weeks would otherwise keep them. */
create function sync_pull(since bigint) returns table (entity text, id uuid, revision bigint, deleted boolean, body jsonb)
language sql stable security definer set search_path = public, pg_temp as $$
  select 'client', c.id, c.revision, c.deleted_at is not null, jsonb_build_object('name', c.name, 'address', c.address, 'key_box', c.key_box)
    from client c
   where c.agency_id = current_agency() and (c.revision > since or c.deleted_at is not null)
  union all
  select 'visit', v.id, v.revision, v.deleted_at is not null, jsonb_build_object('client', v.client_id, 'planned_at', v.planned_at, 'remark', v.remark)
    from visit v
   where v.agency_id = current_agency() and (v.revision > since or v.deleted_at is not null)
  union all
  select 'note', n.id, n.revision, n.deleted_at is not null, jsonb_build_object('visit', n.visit_id, 'body', n.body, 'photo', n.photo_key)
    from visit_note n
   where n.agency_id = current_agency() and n.revision > since or n.deleted_at is not null
$$;

create function sync_push(notes jsonb) returns int language plpgsql set search_path = public, pg_temp as $$
declare taken int;
begin
  insert into visit_note (agency_id, id, visit_id, body, photo_key)
    select current_agency(), (e ->> 'id')::uuid, (e ->> 'visit')::uuid, e ->> 'body', e ->> 'photo' from jsonb_array_elements(notes) e
    on conflict (agency_id, id) do update set body = excluded.body, photo_key = excluded.photo_key;
  get diagnostics taken = row_count;
  return taken;
end $$;

grant select on all tables in schema public to tourly_app;
grant insert, update on employee, device, client, care_plan_item, tour, visit, visit_note to tourly_app;
grant delete on device, care_plan_item to tourly_app;
grant insert on sync_log to tourly_app;
reset role;
