create role drrj_owner nologin;
create role drrj_retention nologin;
create role drrj_members nologin;
create role drrj_tenant_amrum nologin;
create role drrj_tenant_borkum nologin;
create role drrj_tenant_juist nologin;
create role drrj_app login noinherit;
grant drrj_members to drrj_tenant_amrum, drrj_tenant_borkum, drrj_tenant_juist;
grant drrj_tenant_amrum, drrj_tenant_borkum, drrj_tenant_juist to drrj_app;
alter schema public owner to drrj_owner;
revoke create on schema public from public;
set role drrj_owner;

create table retention_class (code text primary key, years int not null, law text not null);
create table org (code text primary key, role name not null unique, name text not null, status text not null default 'live' check (status in ('onboarding', 'live', 'leaving')));
-- rows without an organisation come with the product and are for reading and copying
create table document_template (id uuid primary key default gen_random_uuid(), org text references org, name text not null, body text not null);
create table care_plan_item (id uuid primary key default gen_random_uuid(), org text references org, area text not null, goal text not null);
create table resident (org text not null references org, no int not null, name text not null, left_on date, deleted_at timestamptz, primary key (org, no));
create table care_plan (org text not null, resident_no int not null, area text not null, goal text not null, class text not null default 'care' references retention_class, primary key (org, resident_no, area), foreign key (org, resident_no) references resident on delete cascade);
create table incident (org text not null, resident_no int not null, at timestamptz not null, what text not null, primary key (org, resident_no, at), foreign key (org, resident_no) references resident on delete cascade);
create table letter (org text not null, resident_no int not null, no int not null, body text not null, primary key (org, resident_no, no), foreign key (org, resident_no) references resident on delete cascade);
create table deletion_log (org text not null references org, id uuid not null default gen_random_uuid(), at timestamptz not null default clock_timestamp(), what text not null, primary key (org, id));
create table export_request (org text not null references org, no int not null, reason text not null, ready boolean not null default false, primary key (org, no));

insert into retention_class values ('care', 10, 'Care records'), ('bill', 8, 'Tax');
insert into org values ('amrum', 'drrj_tenant_amrum', 'Care home Amrum', 'live'), ('borkum', 'drrj_tenant_borkum', 'Care home Borkum bravo', 'live'), ('juist', 'drrj_tenant_juist', 'Care home Juist bravo', 'leaving');
insert into document_template (org, name, body) select code, 'Welcome', 'Welcome to ' || name from org union all select null, 'House contract', 'Between {{home}} and {{resident}}';
insert into care_plan_item (org, area, goal) select code, 'Mobility', 'Walks at ' || name from org union all select null, 'Nutrition', 'Drinks 1.5 litres';
insert into resident select code, n, 'Resident ' || n || ' of ' || name, case n when 1 then date '2012-05-01' end, case n when 1 then now() end from org, generate_series(1, 3) n;
insert into care_plan select org, no, 'Mobility', 'Walks: ' || name from resident;
insert into incident select org, no, '2025-11-11 03:00+01', 'Fell: ' || name from resident;
insert into letter select org, no, 1, 'To the family of ' || name from resident;
insert into deletion_log (org, what) select code, 'Nothing to do at ' || name from org;
insert into export_request select code, 1, 'Data of ' || name, false from org;

-- SET ROLE says who it is; the setting "role" still says so inside a function that runs as the owner, and only SET ROLE can change it
create function acting_org() returns text language sql stable security definer set search_path = public, pg_temp as $$
  select code from org where role = nullif(current_setting('role'), 'none')
$$;

do $$
declare t text;
begin
  foreach t in array array['resident', 'care_plan', 'incident', 'letter', 'deletion_log', 'export_request'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own on %I to drrj_members using (org = acting_org()) with check (org = acting_org())', t);
    execute format('create policy job_reads on %I for select to drrj_retention using (true)', t);
    execute format('create policy job_deletes on %I for delete to drrj_retention using (true)', t);
  end loop;
  foreach t in array array['document_template', 'care_plan_item'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy product_and_own on %I for select to drrj_members using (org is null or org = acting_org())', t);
    execute format('create policy own_only on %I to drrj_members using (org = acting_org()) with check (org = acting_org())', t);
  end loop;
end $$;
alter table org enable row level security;
create policy own on org for select to drrj_members using (code = acting_org());
create policy job on org for select to drrj_retention using (true);

-- a template or a goal of the product becomes one's own
create function adopt_template(template text) returns uuid language sql security definer set search_path = public, pg_temp as $$
  insert into document_template (org, name, body)
  select acting_org(), name, body from document_template where org is null and name = template and acting_org() is not null limit 1 returning id
$$;
create function purge_expired(class text default 'care') returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare n int;
begin
  delete from resident r where r.org = acting_org() and r.deleted_at is not null
    and r.left_on < current_date - make_interval(years => (select c.years from retention_class c where c.code = class));
  get diagnostics n = row_count;
  insert into deletion_log (org, what) select acting_org(), n || ' residents after their time' where acting_org() is not null;
  return n;
end $$;
-- the last step of off-boarding; the operators' alone
create function drop_org(code text) returns void language sql security definer set search_path = public, pg_temp as $$ delete from resident where org = drop_org.code $$;
revoke execute on function adopt_template, purge_expired, drop_org from public;
grant execute on function adopt_template, purge_expired to drrj_members;
grant execute on function drop_org to drrj_retention;

create view current_resident with (security_barrier = true) as select org, no, name from resident where deleted_at is null and org = acting_org();
create view retention_overview as select org, count(*) filter (where deleted_at is not null) as deleted, min(left_on) as earliest, min(name) as example from resident group by org;

grant select on retention_class, org, document_template, care_plan_item, resident, care_plan, incident, letter, deletion_log, export_request, current_resident to drrj_members;
grant insert, update, delete on resident, care_plan, incident, letter, export_request to drrj_members;
grant insert (org, name, body), update (name, body), delete on document_template to drrj_members;
grant insert (org, area, goal), update (area, goal), delete on care_plan_item to drrj_members;
grant select on retention_class, org, retention_overview to drrj_retention;
grant select, delete on resident, care_plan, incident, letter, deletion_log, export_request to drrj_retention;
reset role;
