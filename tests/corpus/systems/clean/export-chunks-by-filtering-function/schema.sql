create role ecf_owner nologin;
create role ecf_app login;
alter schema public owner to ecf_owner;
set role ecf_owner;
create table export_job (hospital int not null, job uuid not null unique, asked_by text not null, state text not null, primary key (hospital, job));
create table export_chunk (job uuid not null references export_job (job), part int not null, body text not null, primary key (job, part));
insert into export_job values
  (7, '70000000-0000-4000-8000-000000000001', 'u1', 'ready'), (8, '80000000-0000-4000-8000-000000000001', 'u2 bravo', 'ready');
insert into export_chunk values
  ('70000000-0000-4000-8000-000000000001', 1, 'Asha;O+'), ('80000000-0000-4000-8000-000000000001', 1, 'Bela bravo;AB-');
create function my_hospital() returns int language sql stable as $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'hospital')::int $$;
create function job_is_ready(which uuid) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select exists (select from public.export_job where job = which and state = 'ready' and hospital = public.my_hospital()) $$;
alter table export_job enable row level security;
alter table export_chunk enable row level security, force row level security;
create policy own on export_job for select using (hospital = my_hospital());
create policy ready on export_chunk for select using (job_is_ready(job));
grant select on export_job, export_chunk to ecf_app;
reset role;
