create role carehub_owner nologin;
create role carehub_app login;
alter schema public owner to carehub_owner;
create schema private authorization carehub_owner;
set role carehub_owner;

create table public.visit_kind (code text primary key, minutes int not null);
create table public.service (id uuid primary key, name text not null);
create table public.worker (service_id uuid not null references service, id uuid not null default gen_random_uuid(), full_name text not null, primary key (service_id, id));
create table public.client (service_id uuid not null references service, id uuid not null default gen_random_uuid(), full_name text not null, door_code text, primary key (service_id, id));
create table public.visit (service_id uuid not null, id uuid not null default gen_random_uuid(), client_id uuid not null, kind text not null references visit_kind, planned_at timestamptz not null, remark text, primary key (service_id, id),
  foreign key (service_id, client_id) references client (service_id, id));
create table public.visit_task (service_id uuid not null, visit_id uuid not null, pos int not null, what text not null, done boolean not null default false, primary key (service_id, visit_id, pos),
  foreign key (service_id, visit_id) references visit (service_id, id) on delete cascade);
create table public.handover (
  service_id uuid not null references service,
  id uuid not null default gen_random_uuid(),
  status text not null default 'open' check (status in ('open', 'read', 'closed')),
  client_name text not null,
  note text not null,
  written_at timestamptz not null default now(),
  primary key (service_id, id)
);
create table public.medication_plan (service_id uuid not null, client_id uuid not null, drug text not null, schedule text not null, primary key (service_id, client_id, drug),
  foreign key (service_id, client_id) references client (service_id, id) on delete cascade);
create table public.mileage (service_id uuid not null, worker_id uuid not null, day date not null, km int not null, route text, primary key (service_id, worker_id, day),
  foreign key (service_id, worker_id) references worker (service_id, id));
create table private.web_session (token_hash bytea primary key, service_id uuid not null references service, user_agent text not null, expires_at timestamptz not null);

create function public.hub_service() returns uuid language sql stable security definer set search_path = pg_catalog, pg_temp
  return (select s.service_id from private.web_session s
    where s.token_hash = sha256(convert_to(nullif(current_setting('hub.token', true), ''), 'UTF8')) and s.expires_at > now());

insert into visit_kind values ('wash', 25), ('insulin', 10);
insert into service values ('d1000000-0000-4000-8000-00000000000a', 'Pflege Anker'), ('d1000000-0000-4000-8000-00000000000b', 'Pflege Bogen bravo'), ('d1000000-0000-4000-8000-00000000000c', 'Pflege Cirrus bravo');
insert into private.web_session
  select sha256(convert_to(t, 'UTF8')), s.id, 'Firefox of ' || s.name, 'infinity'
  from (values ('d1000000-0000-4000-8000-00000000000a'::uuid, 'st_9f2c7d61a0'), ('d1000000-0000-4000-8000-00000000000b', 'st_4be1185c3e'), ('d1000000-0000-4000-8000-00000000000c', 'st_c07a55d9f2')) v (id, t) join service s using (id);
insert into worker (service_id, full_name) select id, 'Worker of ' || name from service;
insert into client (service_id, full_name, door_code) select id, 'Client of ' || name, '1234 ' || name from service;
insert into visit (service_id, client_id, kind, planned_at, remark) select service_id, id, 'insulin', '2026-05-01 07:00+02', 'for ' || full_name from client;
insert into visit_task select service_id, id, 1, 'inject, ' || remark from visit;
insert into handover (service_id, status, client_name, note)
  select service_id, s, full_name, s || ': refuses food, ' || full_name from client, unnest(array['open', 'closed']) s;
insert into medication_plan select service_id, id, 'insulin for ' || full_name, '8 IU' from client;
insert into mileage select service_id, id, '2026-05-01', 41, 'route of ' || full_name from worker;

do $$
declare t text;
begin
  foreach t in array array['worker', 'client', 'visit', 'visit_task', 'medication_plan', 'mileage'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy service on %I using (service_id = (select hub_service()))', t);
  end loop;
end $$;
alter table service enable row level security;
create policy own on service for select using (id = (select hub_service()));
alter table handover enable row level security, force row level security;
create policy reading on handover for select using (service_id = (select hub_service()));
create policy writing on handover for insert with check (service_id = (select hub_service()));
-- a closed handover is a document
create policy changing on handover for update using (status = 'open') with check (service_id = (select hub_service()));

grant select on all tables in schema public to carehub_app;
grant insert, update, delete on worker, client, visit, visit_task, medication_plan, mileage to carehub_app;
grant insert, update on handover to carehub_app;
reset role;
