create role wundapp_owner nologin;
create role wundapp_api login;
alter schema public owner to wundapp_owner;
set role wundapp_owner;

create table wound_kind (code text primary key, title text not null);
create table dressing (pzn text primary key, title text not null);
create table service (id uuid primary key, name text not null);
create table nurse (service_id uuid not null references service, id uuid not null default gen_random_uuid(), name text not null, primary key (service_id, id));
create table device_session (token_hash text primary key, service_id uuid not null references service, device text not null, expires_at timestamptz not null);
create table patient (service_id uuid not null references service, id uuid not null default gen_random_uuid(), name text not null, street text not null,
  changed_at timestamptz not null default now(), primary key (service_id, id));
create table wound (service_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, kind text not null references wound_kind, place text not null,
  changed_at timestamptz not null default now(), primary key (service_id, id),
  foreign key (service_id, patient_id) references patient (service_id, id) on delete cascade);
create table dressing_change (service_id uuid not null, id uuid not null default gen_random_uuid(), wound_id uuid not null, pzn text references dressing, finding text not null,
  changed_at timestamptz not null default now(), primary key (service_id, id),
  foreign key (service_id, wound_id) references wound (service_id, id) on delete cascade);
-- what a device has to forget
create table tombstone (service_id uuid not null references service, entity text not null, id uuid not null, last_state jsonb not null, deleted_at timestamptz not null default now(),
  primary key (service_id, entity, id));
create index on tombstone (deleted_at);
create table sync_log (service_id uuid not null references service, id uuid not null default gen_random_uuid(), device text not null, since timestamptz, at timestamptz not null default now(),
  primary key (service_id, id));

create function current_service() returns uuid language sql stable security definer set search_path = public, pg_temp as $$
  select service_id from device_session
  where token_hash = encode(sha256(convert_to(nullif(current_setting('wund.token', true), ''), 'UTF8')), 'hex') and expires_at > now()
$$;

create function touch() returns trigger language plpgsql as $$ begin new.changed_at := now(); return new; end $$;
create function bury() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into tombstone (service_id, entity, id, last_state) values (old.service_id, tg_table_name, old.id, to_jsonb(old) - 'changed_at')
  on conflict (service_id, entity, id) do update set last_state = excluded.last_state, deleted_at = now();
  return old;
end $$;
create trigger touch before update on patient for each row execute function touch();
create trigger touch before update on wound for each row execute function touch();
create trigger touch before update on dressing_change for each row execute function touch();
create trigger bury after delete on patient for each row execute function bury();
create trigger bury after delete on wound for each row execute function bury();
create trigger bury after delete on dressing_change for each row execute function bury();

-- one call per sync: the phone sends when it was here last
create function pull_changes(p_since timestamptz) returns table (entity text, id uuid, state jsonb, deleted boolean)
language plpgsql security definer set search_path = public, pg_temp as $$
declare v_service uuid := current_service();
begin
  if v_service is null then raise exception 'not signed in' using errcode = '28000'; end if;
  insert into sync_log (service_id, device, since) values (v_service, 'phone', p_since);
  return query
    select 'patient', p.id, to_jsonb(p), false from patient p where p.service_id = v_service and p.changed_at > p_since
    union all
    select 'wound', w.id, to_jsonb(w), false from wound w where w.service_id = v_service and w.changed_at > p_since
    union all
    select 'dressing_change', d.id, to_jsonb(d), false from dressing_change d where d.service_id = v_service and d.changed_at > p_since
    union all
    select t.entity, t.id, t.last_state, true from tombstone t where t.deleted_at > p_since;
end $$;

insert into wound_kind values ('DEK', 'Pressure ulcer'), ('ULC', 'Leg ulcer');
insert into dressing values ('01234567', 'Foam 10x10'), ('07654321', 'Alginate');
insert into service values ('a1500000-0000-4000-8000-00000000000a', 'Wundnetz Aller'), ('b1500000-0000-4000-8000-00000000000b', 'Wundnetz Bode bravo'), ('c1500000-0000-4000-8000-00000000000c', 'Wundnetz Chemnitz bravo');
insert into nurse (service_id, name) select id, 'Nurse ' || n || ' of ' || name from service, generate_series(1, 2) n;
insert into device_session select encode(sha256(convert_to('tok-' || left(id::text, 4), 'UTF8')), 'hex'), id, 'Phone of ' || name, '2099-01-01' from service;
insert into patient (service_id, name, street) select id, 'Patient ' || n || ' of ' || name, 'Street ' || n from service, generate_series(1, 3) n;
insert into wound (service_id, patient_id, kind, place) select service_id, id, 'DEK', 'Heel of ' || name from patient;
insert into dressing_change (service_id, wound_id, pzn, finding) select service_id, id, '01234567', 'dry, ' || place from wound;
insert into sync_log (service_id, device, since) select service_id, device, now() from device_session;
delete from patient where name like 'Patient 3 of %';

do $$
declare t text;
begin
  foreach t in array array['nurse', 'patient', 'wound', 'dressing_change', 'tombstone', 'sync_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy service on %I using (service_id = (select current_service()))', t);
  end loop;
end $$;
alter table service enable row level security;
create policy own on service for select using (id = (select current_service()));
alter table device_session enable row level security;

grant select on service, nurse, patient, wound, dressing_change, tombstone, sync_log, wound_kind, dressing to wundapp_api;
grant insert, update, delete on patient, wound, dressing_change to wundapp_api;
revoke execute on function pull_changes(timestamptz) from public;
grant execute on function pull_changes(timestamptz) to wundapp_api;
reset role;
