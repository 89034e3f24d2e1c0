create role hvs_owner nologin;
create role hvs_authenticated nologin;
create role hvs_authenticator login noinherit;
grant hvs_authenticated to hvs_authenticator;
revoke create on schema public from public;
grant create on schema public to hvs_owner;
set role hvs_owner;

create table visit_status (code text primary key, label text not null);
create table task_kind (code text primary key, label text not null);
create table org (id uuid primary key, name text not null);
create table caregiver (org_id uuid not null references org, id uuid not null, name text not null, primary key (org_id, id));
create table client (org_id uuid not null references org, id uuid not null, name text not null, street text, primary key (org_id, id));
create table device (
  org_id uuid not null, id uuid not null, caregiver_id uuid not null, label text not null,
  primary key (org_id, id), foreign key (org_id, caregiver_id) references caregiver
);
-- Visits are made on the phone, which is often offline: the phone makes their ids.
create table visit (
  id uuid primary key,
  org_id uuid not null references org,
  client_id uuid not null,
  status text not null default 'planned' references visit_status,
  note text,
  changed_at timestamptz not null default now(),
  unique (org_id, id),
  foreign key (org_id, client_id) references client
);
create table visit_task (
  id uuid not null,
  org_id uuid not null,
  visit_id uuid not null,
  kind text not null references task_kind,
  remark text,
  primary key (org_id, id),
  foreign key (org_id, visit_id) references visit (org_id, id)
);
create table sync_receipt (org_id uuid not null references org, at timestamptz not null default clock_timestamp(), device_label text, pushed int not null);

create function my_org() returns uuid language sql stable as $$
  select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'org')::uuid
$$;

insert into visit_status values ('planned', 'Planned'), ('done', 'Done'), ('missed', 'Missed');
insert into task_kind values ('wash', 'Washing'), ('meds', 'Medication');
insert into org values
  ('a0000000-0000-4000-8000-000000000001', 'Home Help Hill'),
  ('b0000000-0000-4000-8000-000000000002', 'bravo nursing'),
  ('c0000000-0000-4000-8000-000000000003', 'Riverside bravo care');
insert into caregiver values
  ('a0000000-0000-4000-8000-000000000001', 'a1000000-0000-4000-8000-000000000001', 'Ann'),
  ('b0000000-0000-4000-8000-000000000002', 'b1000000-0000-4000-8000-000000000001', 'Bo bravo'),
  ('c0000000-0000-4000-8000-000000000003', 'c1000000-0000-4000-8000-000000000001', 'Cy bravo');
insert into client values
  ('a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'Mr Ash', 'Hill 1'),
  ('b0000000-0000-4000-8000-000000000002', 'b2000000-0000-4000-8000-000000000001', 'Ms Birch bravo', 'bravo lane 2'),
  ('c0000000-0000-4000-8000-000000000003', 'c2000000-0000-4000-8000-000000000001', 'Mr Cedar bravo', 'bravo lane 3');
insert into device values
  ('a0000000-0000-4000-8000-000000000001', 'a3000000-0000-4000-8000-000000000001', 'a1000000-0000-4000-8000-000000000001', 'phone 1'),
  ('b0000000-0000-4000-8000-000000000002', 'b3000000-0000-4000-8000-000000000001', 'b1000000-0000-4000-8000-000000000001', 'bravo phone'),
  ('c0000000-0000-4000-8000-000000000003', 'c3000000-0000-4000-8000-000000000001', 'c1000000-0000-4000-8000-000000000001', 'bravo tablet');
insert into visit (id, org_id, client_id, status, note) values
  ('a4000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'a2000000-0000-4000-8000-000000000001', 'planned', 'key under the mat'),
  ('b4000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000002', 'b2000000-0000-4000-8000-000000000001', 'planned', 'bravo: wound on left leg'),
  ('c4000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000003', 'c2000000-0000-4000-8000-000000000001', 'done', 'bravo: refused insulin');
insert into visit_task values
  ('a5000000-0000-4000-8000-000000000001', 'a0000000-0000-4000-8000-000000000001', 'a4000000-0000-4000-8000-000000000001', 'wash', 'warm water'),
  ('b5000000-0000-4000-8000-000000000001', 'b0000000-0000-4000-8000-000000000002', 'b4000000-0000-4000-8000-000000000001', 'meds', 'bravo morphine'),
  ('c5000000-0000-4000-8000-000000000001', 'c0000000-0000-4000-8000-000000000003', 'c4000000-0000-4000-8000-000000000001', 'meds', 'bravo insulin');
insert into sync_receipt (org_id, device_label, pushed) values
  ('a0000000-0000-4000-8000-000000000001', 'phone 1', 1),
  ('b0000000-0000-4000-8000-000000000002', 'bravo phone', 1),
  ('c0000000-0000-4000-8000-000000000003', 'bravo tablet', 1);

do $$
declare t text;
begin
  foreach t in array array['caregiver', 'client', 'device', 'visit', 'visit_task', 'sync_receipt'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_org on %I using (org_id = (select my_org()))', t);
  end loop;
end $$;
alter table org enable row level security;
create policy own_org on org using (id = (select my_org()));

-- The phone sends what it changed and takes over what the server made of it.
create function sync_push(changes jsonb) returns setof visit
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
declare
  v_org uuid := my_org();
begin
  if v_org is null then
    raise exception 'not signed in' using errcode = '28000';
  end if;
  return query
    insert into visit as v (id, org_id, client_id, status, note, changed_at)
    select c.id, v_org, c.client_id, coalesce(c.status, 'planned'), c.note, now()
      from jsonb_to_recordset(coalesce(changes -> 'visits', '[]')) as c (id uuid, client_id uuid, status text, note text)
      join client on client.org_id = v_org and client.id = c.client_id
    on conflict (id) do update
      set status = excluded.status, note = coalesce(excluded.note, v.note), changed_at = now()
    returning v.*;
  insert into visit_task (id, org_id, visit_id, kind, remark)
  select c.id, v_org, c.visit_id, c.kind, c.remark
    from jsonb_to_recordset(coalesce(changes -> 'tasks', '[]')) as c (id uuid, visit_id uuid, kind text, remark text)
    join visit on visit.org_id = v_org and visit.id = c.visit_id
  on conflict (org_id, id) do update
    set visit_id = excluded.visit_id, kind = excluded.kind, remark = excluded.remark;
  insert into sync_receipt (org_id, device_label, pushed)
  values (v_org, left(changes ->> 'device', 40), jsonb_array_length(coalesce(changes -> 'visits', '[]')));
end $$;

create function sync_pull(since timestamptz default '-infinity') returns setof visit language sql stable as $$
  select * from visit where changed_at > since order by changed_at
$$;

revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to hvs_authenticated;
grant select on visit_status, task_kind, org, caregiver, client, device, visit, visit_task, sync_receipt to hvs_authenticated;
grant update (street) on client to hvs_authenticated;
reset role;
