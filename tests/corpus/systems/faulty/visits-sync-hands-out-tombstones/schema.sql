create role yarrow_owner nologin;
create role yarrow_anon nologin;
create role yarrow_signedin nologin;
create role yarrow_gate login noinherit;
grant yarrow_anon, yarrow_signedin to yarrow_gate;
alter schema public owner to yarrow_owner;
set role yarrow_owner;

create function claim(key text) returns text language sql stable
  return nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> key;
create function my_team() returns uuid language sql stable return claim('team_id')::uuid;

create table wound_kind (code text primary key, title text not null);
create table team (id uuid primary key, name text not null);
create table nurse (team_id uuid not null references team, id uuid not null default gen_random_uuid(), full_name text not null, primary key (team_id, id));
create table device (team_id uuid not null, id uuid not null default gen_random_uuid(), nurse_id uuid not null, label text not null, seen_at timestamptz, primary key (team_id, id),
  foreign key (team_id, nurse_id) references nurse (team_id, id) on delete cascade);
create table patient (team_id uuid not null references team, id uuid not null default gen_random_uuid(), full_name text not null, address text, changed_at timestamptz not null default clock_timestamp(), primary key (team_id, id));
create table visit (team_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, due_on date not null, report text, changed_at timestamptz not null default clock_timestamp(), primary key (team_id, id),
  foreign key (team_id, patient_id) references patient (team_id, id) on delete cascade);
create table wound (team_id uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, kind text not null references wound_kind, remark text, changed_at timestamptz not null default clock_timestamp(), primary key (team_id, id),
  foreign key (team_id, patient_id) references patient (team_id, id) on delete cascade);
-- what was deleted, so that phones delete it too; the last state stays for undo
create table tombstone (team_id uuid not null, tab text not null, row_id uuid not null, last_state jsonb not null, died_at timestamptz not null default clock_timestamp(), primary key (team_id, tab, row_id));

create function bury() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into tombstone (team_id, tab, row_id, last_state) values (old.team_id, tg_table_name, old.id, to_jsonb(old))
    on conflict (team_id, tab, row_id) do nothing;
  return null;
end $$;
create function touch() returns trigger language plpgsql as $$
begin
  new.changed_at := clock_timestamp();
  return new;
end $$;

insert into wound_kind values ('dek', 'Decubitus'), ('ulc', 'Ulcer');
insert into team values ('11111111-0000-4000-8000-000000000001', 'Nord'), ('22222222-0000-4000-8000-000000000002', 'Ost bravo'), ('33333333-0000-4000-8000-000000000003', 'West bravo');
insert into nurse (team_id, full_name) select id, 'Nurse ' || n || ' of ' || name from team, generate_series(1, 2) n;
insert into device (team_id, nurse_id, label) select team_id, id, 'phone of ' || full_name from nurse;
insert into patient (team_id, full_name, address) select id, 'Patient ' || n || ' of ' || name, 'Weg ' || n from team, generate_series(1, 3) n;
insert into visit (team_id, patient_id, due_on, report) select team_id, id, '2026-03-01', 'dressing changed, ' || full_name from patient;
insert into wound (team_id, patient_id, kind, remark) select team_id, id, 'dek', 'heel of ' || full_name from patient;

create trigger buried after delete on patient for each row execute function bury();
create trigger buried after delete on visit for each row execute function bury();
create trigger buried after delete on wound for each row execute function bury();
create trigger touched before update on patient for each row execute function touch();
create trigger touched before update on visit for each row execute function touch();
create trigger touched before update on wound for each row execute function touch();
delete from patient where full_name like 'Patient 3 %';

alter table team enable row level security;
create policy own_team on team for select to yarrow_signedin using (id = my_team());
do $$
declare t text;
begin
  foreach t in array array['nurse', 'device', 'patient', 'visit', 'wound', 'tombstone'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_team on %I to yarrow_signedin using (team_id = my_team())', t);
  end loop;
end $$;

-- one round trip for the phone: everything that is newer than its last pull
create function pull_changes(since timestamptz default '-infinity', tabs text[] default '{patient,visit,wound}')
returns table (tab text, op text, body jsonb) language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  if my_team() is null then raise exception 'not signed in'; end if;
  if 'patient' = any (tabs) then
    return query select 'patient', 'put', to_jsonb(p) from patient p where p.team_id = my_team() and p.changed_at > since;
  end if;
  if 'visit' = any (tabs) then
    return query select 'visit', 'put', to_jsonb(v) from visit v where v.team_id = my_team() and v.changed_at > since;
  end if;
  if 'wound' = any (tabs) then
    return query select 'wound', 'put', to_jsonb(w) from wound w where w.team_id = my_team() and w.changed_at > since;
  end if;
  return query select t.tab, 'del', t.last_state from tombstone t where t.tab = any (tabs) and t.died_at > since;
end $$;
create function push_report(p_visit uuid, p_report text) returns void language sql
begin atomic
  update visit set report = p_report where team_id = my_team() and id = p_visit;
end;

revoke execute on function pull_changes, push_report, bury, touch from public;
grant execute on function pull_changes, push_report to yarrow_signedin;
grant select on wound_kind to yarrow_anon;
grant select on all tables in schema public to yarrow_signedin;
grant insert, update, delete on nurse, device, patient, visit, wound to yarrow_signedin;
reset role;
