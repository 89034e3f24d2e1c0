create role whra_owner nologin;
create role whra_api login;
alter schema public owner to whra_owner;
revoke create on schema public from public;
set role whra_owner;

create table event_type (name text primary key, description text not null);
create table org (id uuid primary key, name text not null, plan text not null default 'standard');
create table api_key (key_hash text primary key, org_id uuid not null references org, label text not null, revoked_at timestamptz);
create table oauth_client (org_id uuid not null references org, client_id text not null, redirect_uri text not null, primary key (org_id, client_id));
create table webhook_endpoint (org_id uuid not null references org, no int not null, url text not null, secret text not null, disabled_at timestamptz, primary key (org_id, no));
create table subscription (org_id uuid not null, endpoint_no int not null, event_type text not null references event_type, note text, primary key (org_id, endpoint_no, event_type),
  foreign key (org_id, endpoint_no) references webhook_endpoint on delete cascade);
create table patient (org_id uuid not null references org, id uuid not null default gen_random_uuid(), name text not null, phone text, primary key (org_id, id));
create table appointment (org_id uuid not null, patient_id uuid not null, starts_at timestamptz not null, reason text not null, primary key (org_id, patient_id, starts_at),
  foreign key (org_id, patient_id) references patient on delete cascade);
create table outbox (
  org_id uuid not null references org,
  id uuid not null default gen_random_uuid(),
  event_type text not null references event_type,
  payload jsonb not null,
  state text not null default 'new' check (state in ('new', 'claimed', 'done', 'dead')),
  attempts int not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  claimed_at timestamptz,
  primary key (org_id, id)
);
create index on outbox (created_at) where state in ('new', 'claimed');
create table delivery (org_id uuid not null, event_id uuid not null, attempt int not null, status int, response text, primary key (org_id, event_id, attempt),
  foreign key (org_id, event_id) references outbox on delete cascade);

-- whose key is it? Only the digest is kept
create function current_org() returns uuid language sql stable security definer set search_path = public, pg_temp as $$
  select org_id from api_key
  where key_hash = encode(sha256(convert_to(current_setting('api.key', true), 'UTF8')), 'hex') and revoked_at is null
$$;

insert into event_type values ('patient.created', 'A patient was added'), ('appointment.booked', 'An appointment was booked');
insert into org values ('0a000000-0000-4000-8000-000000000001', 'Physio Adler'), ('0b000000-0000-4000-8000-000000000002', 'Physio Bussard bravo'), ('0c000000-0000-4000-8000-000000000003', 'Physio Condor bravo');
insert into api_key select encode(sha256(convert_to('sk_live_' || substr(md5(id::text), 1, 20), 'UTF8')), 'hex'), id, 'Key of ' || name from org;
insert into oauth_client select id, 'cl_' || left(id::text, 4), 'https://calendar.example/' || name from org;
insert into webhook_endpoint select id, 1, 'https://hooks.example/' || name, 'whsec ' || name from org;
insert into subscription select id, 1, 'appointment.booked', name from org;
insert into patient (org_id, name, phone) select id, 'Patient of ' || name, '0170 1' from org;
insert into appointment select org_id, id, '2026-04-01 08:00+02', 'Knee, ' || name from patient;

create function publish_appointment() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into outbox (org_id, event_type, payload) values (new.org_id, 'appointment.booked', to_jsonb(new));
  return null;
end $$;
create trigger publish after insert or update on appointment for each row execute function publish_appointment();
update appointment set starts_at = starts_at + interval '1 day';
insert into outbox (org_id, event_type, payload, state, attempts, claimed_at)
  select org_id, 'patient.created', to_jsonb(p), 'claimed', 1, now() - interval '1 day' from patient p;
insert into delivery select org_id, id, 1, 504, 'Gateway timeout for ' || (payload ->> 'name') from outbox where state = 'claimed';

-- the customer's own worker polls: new events, and those that a worker took and never acknowledged
create function claim_events(at_most int default 50) returns setof outbox language plpgsql security definer set search_path = public, pg_temp as $$
declare mine uuid := current_org();
begin
  if mine is null then raise exception 'unknown key' using errcode = '28000'; end if;
  return query
    update outbox o set state = 'claimed', attempts = o.attempts + 1, claimed_at = clock_timestamp()
    where (o.org_id, o.id) in (
      select c.org_id, c.id from outbox c
      where c.org_id = mine and c.state = 'new'
         or c.state = 'claimed' and c.claimed_at < clock_timestamp() - interval '15 minutes'
      order by c.created_at limit at_most for update skip locked
    )
    returning o.*;
end $$;
create function acknowledge_event(event uuid, answered int default 200) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update outbox set state = case when answered < 300 then 'done' else 'dead' end where org_id = current_org() and id = event and state = 'claimed';
  return found;
end $$;

do $$
declare t text;
begin
  foreach t in array array['oauth_client', 'webhook_endpoint', 'subscription', 'patient', 'appointment', 'outbox', 'delivery'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy by_key on %I using (org_id = current_org()) with check (org_id = current_org())', t);
  end loop;
end $$;
alter table org enable row level security;
create policy own on org for select using (id = current_org());
alter table api_key enable row level security;

grant select on event_type, org, outbox, delivery to whra_api;
grant select, insert, update, delete on oauth_client, webhook_endpoint, subscription, patient, appointment to whra_api;
reset role;
