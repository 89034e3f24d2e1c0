create role scp_owner nologin;
create role scp_mobile login;
alter schema public owner to scp_owner;
set role scp_owner;
create table praxis (praxis_id uuid primary key, name text not null);
create table patient (
  praxis_id uuid not null references praxis, patient_id uuid not null default gen_random_uuid(), vorname text not null, phone text,
  changed_at timestamptz not null default clock_timestamp(), primary key (praxis_id, patient_id));
create table home_visit (
  praxis_id uuid not null, patient_id uuid not null, visit_id uuid not null default gen_random_uuid(), planned date not null, finding text,
  changed_at timestamptz not null default clock_timestamp(), primary key (praxis_id, visit_id), foreign key (praxis_id, patient_id) references patient);
-- the app on the nurse's phone asks what changed since it last asked
create table change_feed (
  praxis_id uuid not null references praxis, entity text not null, entity_id uuid not null, changed_at timestamptz not null, doc jsonb,
  primary key (praxis_id, entity, entity_id));
insert into praxis values ('11111111-aaaa-4aaa-8aaa-000000000001', 'Anand Home Care'),  ('22222222-bbbb-4bbb-8bbb-000000000001', 'Bravo Home Care bravo');
insert into patient values ('11111111-aaaa-4aaa-8aaa-000000000001', '11111111-aaaa-4aaa-8aaa-0000000000f1', 'Aditi', '90000 1', '2026-05-01 08:00Z'),
  ('22222222-bbbb-4bbb-8bbb-000000000001', '22222222-bbbb-4bbb-8bbb-0000000000f1', 'Bharathi bravo', '90000 2', '2026-05-04 21:17Z');
insert into home_visit values ('11111111-aaaa-4aaa-8aaa-000000000001', '11111111-aaaa-4aaa-8aaa-0000000000f1', '11111111-aaaa-4aaa-8aaa-0000000000e1', '2026-05-02', 'wound dry', '2026-05-02 10:00Z'),
  ('22222222-bbbb-4bbb-8bbb-000000000001', '22222222-bbbb-4bbb-8bbb-0000000000f1', '22222222-bbbb-4bbb-8bbb-0000000000e1', '2026-05-04', 'stoma bravo', '2026-05-04 21:18Z');
insert into change_feed select praxis_id, 'patient', patient_id, changed_at, to_jsonb(p) from patient p;
insert into change_feed select praxis_id, 'home_visit', visit_id, changed_at, to_jsonb(v) from home_visit v;
create function my_praxen() returns uuid[] language sql stable as $$ select nullif(current_setting('mobile.praxen', true), '')::uuid[] $$;
create function feed_patient() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.change_feed values (new.praxis_id, 'patient', new.patient_id, new.changed_at, to_jsonb(new))
  on conflict (praxis_id, entity, entity_id) do update set changed_at = excluded.changed_at, doc = excluded.doc;
  return null;
end $$;
create function feed_home_visit() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.change_feed values (new.praxis_id, 'home_visit', new.visit_id, new.changed_at, to_jsonb(new))
  on conflict (praxis_id, entity, entity_id) do update set changed_at = excluded.changed_at, doc = excluded.doc;
  return null;
end $$;
create trigger feed after insert or update on patient for each row execute function feed_patient();
create trigger feed after insert or update on home_visit for each row execute function feed_home_visit();
create function pull_changes(p_since timestamptz default '-infinity') returns jsonb
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select jsonb_build_object(
    'changes', (select coalesce(jsonb_agg(f.doc order by f.changed_at), '[]') from public.change_feed f
                 where f.praxis_id = any (public.my_praxen()) and f.changed_at > p_since),
    'next', (select max(f.changed_at) from public.change_feed f)) $$;
revoke execute on function feed_patient(), feed_home_visit(), pull_changes(timestamptz) from public;
grant execute on function pull_changes(timestamptz) to scp_mobile;
alter table praxis enable row level security;
alter table patient enable row level security;
alter table home_visit enable row level security;
alter table change_feed enable row level security;
create policy mine on praxis for select using (praxis_id = any ((select my_praxen())::uuid[]));
create policy mine on patient using (praxis_id = any ((select my_praxen())::uuid[]));
create policy mine on home_visit using (praxis_id = any ((select my_praxen())::uuid[]));
create policy mine on change_feed for select using (praxis_id = any ((select my_praxen())::uuid[]));
grant select on praxis to scp_mobile;
grant select, insert, update on patient, home_visit to scp_mobile;
reset role;
