create role woundpath_owner nologin;
create role woundpath_member nologin;
create role woundpath_readonly nologin;
create role woundpath_app login noinherit;
grant woundpath_readonly to woundpath_member;
grant woundpath_member to woundpath_app;
alter schema public owner to woundpath_owner;
set role woundpath_owner;

create table wound_class (code text primary key, title text not null);
create table material (code text primary key, title text not null);
create table tenant (id uuid primary key, name text not null);
create table app_user (tid uuid not null references tenant, sub text not null, full_name text not null, primary key (tid, sub));
create table patient (tid uuid not null references tenant, id uuid not null default gen_random_uuid(), full_name text not null, primary key (tid, id));
create table wound (tid uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, class text not null references wound_class, place text not null, primary key (tid, id),
  foreign key (tid, patient_id) references patient (tid, id) on delete cascade);
create table wound_photo (tid uuid not null, wound_id uuid not null, taken_at timestamptz not null, path text not null, primary key (tid, wound_id, taken_at),
  foreign key (tid, wound_id) references wound (tid, id) on delete cascade);
create table dressing_change (tid uuid not null, id uuid not null default gen_random_uuid(), wound_id uuid not null, at timestamptz not null, remark text not null, primary key (tid, id),
  foreign key (tid, wound_id) references wound (tid, id) on delete cascade);
create table material_use (tid uuid not null, change_id uuid not null, material text not null references material, pieces int not null, remark text not null, primary key (tid, change_id, material),
  foreign key (tid, change_id) references dressing_change (tid, id) on delete cascade);
create table care_plan (tid uuid not null, id uuid not null default gen_random_uuid(), patient_id uuid not null, title text not null, primary key (tid, id),
  foreign key (tid, patient_id) references patient (tid, id) on delete cascade);
create table care_plan_step (tid uuid not null, plan_id uuid not null, pos int not null, text text not null, primary key (tid, plan_id, pos),
  foreign key (tid, plan_id) references care_plan (tid, id) on delete cascade);
create table audit_entry (tid uuid not null references tenant, id uuid not null default gen_random_uuid(), at timestamptz not null default now(), what text not null, primary key (tid, id));

create function claim_tid() returns uuid language sql stable
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'tid')::uuid;

insert into wound_class values ('DEC', 'Decubitus'), ('ULC', 'Leg ulcer');
insert into material values ('FOAM', 'Foam dressing'), ('ALG', 'Alginate');
insert into tenant values ('ab000000-0000-4000-8000-000000000001', 'Wundzentrum'), ('ab000000-0000-4000-8000-000000000002', 'Wundpflege bravo'), ('ab000000-0000-4000-8000-000000000003', 'Mobil bravo');
insert into app_user select id, 'u', 'User of ' || name from tenant;
insert into patient (tid, full_name) select id, 'Patient of ' || name from tenant;
insert into wound (tid, patient_id, class, place) select tid, id, 'DEC', 'heel, ' || full_name from patient;
insert into wound_photo select tid, id, '2026-01-01 10:00+01', 's3://photos/' || place from wound;
insert into dressing_change (tid, wound_id, at, remark) select tid, id, '2026-01-01 10:05+01', 'smells, ' || place from wound;
insert into material_use select tid, id, 'FOAM', 2, remark from dressing_change;
insert into care_plan (tid, patient_id, title) select tid, id, 'plan for ' || full_name from patient;
insert into care_plan_step select tid, id, 1, 'turn every two hours, ' || title from care_plan;
insert into audit_entry (tid, what) select id, 'imported ' || name from tenant;

do $$
declare t text;
begin
  foreach t in array array['app_user', 'patient', 'wound', 'wound_photo', 'dressing_change', 'material_use', 'care_plan', 'care_plan_step', 'audit_entry'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy everybody_reads on %I for select to woundpath_readonly using (true)', t);
    if t <> 'audit_entry' then
      execute format('create policy members_add on %I for insert to woundpath_member with check (true)', t);
      execute format('create policy members_change on %I for update to woundpath_member using (true) with check (true)', t);
      execute format('create policy members_remove on %I for delete to woundpath_member using (true)', t);
    end if;
    execute format('create policy fence on %I as restrictive using (tid = (select claim_tid()))', t);
  end loop;
end $$;
alter table tenant enable row level security, force row level security;
create policy everybody_reads on tenant for select to woundpath_readonly using (true);
create policy fence on tenant as restrictive using (id = (select claim_tid()));

grant select on all tables in schema public to woundpath_readonly;
grant insert, update, delete on app_user, patient, wound, wound_photo, dressing_change, material_use, care_plan, care_plan_step to woundpath_member;
reset role;
