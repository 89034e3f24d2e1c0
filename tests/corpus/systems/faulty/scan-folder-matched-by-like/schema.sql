create role sfml_owner nologin;
create role sfml_anon nologin;
create role sfml_authenticated nologin;
create role sfml_authenticator login noinherit;
grant sfml_anon, sfml_authenticated to sfml_authenticator;
alter schema public owner to sfml_owner;
revoke create on schema public from public;
create schema storage authorization sfml_owner;
create schema auth authorization sfml_owner;
set role sfml_owner;

create function auth.jwt() returns jsonb language sql stable return nullif(current_setting('request.jwt.claims', true), '')::jsonb;
create function auth.org() returns text language sql stable return auth.jwt() -> 'app_metadata' ->> 'org';

create table public.modality (code text primary key, title text not null);
create table public.org (slug text primary key check (slug ~ '^[a-z0-9_-]+$'), title text not null);
create table public.profile (org text not null references public.org, email text not null, full_name text not null, primary key (org, email));
create table public.study (org text not null references public.org, accession text not null, patient text not null, modality text not null references public.modality, primary key (org, accession));
create table public.series (org text not null, accession text not null, no int not null, description text, primary key (org, accession, no),
  foreign key (org, accession) references public.study on delete cascade);
create table public.report (org text not null, accession text not null, body text not null, signed_by text, primary key (org, accession),
  foreign key (org, accession) references public.study on delete cascade);

create table storage.buckets (id text primary key, public boolean not null default false, file_size_limit bigint);
create table storage.objects (
  id uuid primary key default gen_random_uuid(),
  bucket_id text not null references storage.buckets,
  name text not null,
  org text not null generated always as (split_part(name, '/', 1)) stored,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  unique (bucket_id, name)
);

insert into public.modality values ('MR', 'Magnetic resonance'), ('CT', 'Computed tomography');
insert into public.org values ('mrt_nord', 'MRT Nord'), ('mrt-nord', 'MRT Nord an der Klinik bravo'), ('kernspin-west', 'Kernspin West bravo');
insert into public.profile select slug, 'desk@' || slug || '.example', 'Desk of ' || title from public.org;
insert into public.study select slug, 'S' || n, 'Patient ' || n || ' of ' || title, 'MR' from public.org, generate_series(1, 2) n;
insert into public.series select org, accession, 1, 'T1 sagittal, ' || patient from public.study;
insert into public.report select org, accession, 'No finding. ' || patient, null from public.study;
insert into storage.buckets values ('scans', false, 524288000), ('letters', false, 10485760);
insert into storage.objects (bucket_id, name, metadata)
  select 'scans', org || '/' || accession || '/001.dcm', jsonb_build_object('patient', patient) from public.study
  union all select 'letters', org || '/' || accession || '.pdf', jsonb_build_object('to', patient) from public.study;

do $$
declare t text;
begin
  foreach t in array array['profile', 'study', 'series', 'report'] loop
    execute format('alter table public.%I enable row level security', t);
    execute format('create policy "members of the organisation" on public.%I to sfml_authenticated using (org = (select auth.org())) with check (org = (select auth.org()))', t);
  end loop;
end $$;
alter table public.org enable row level security;
create policy "own organisation" on public.org for select to sfml_authenticated using (slug = (select auth.org()));

alter table storage.objects enable row level security;
create policy "staff read scans" on storage.objects for select to sfml_authenticated
  using (bucket_id = 'scans' and name like auth.org() || '/%');
create policy "staff read letters" on storage.objects for select to sfml_authenticated
  using (bucket_id = 'letters' and starts_with(name, auth.org() || '/'));
create policy "staff upload" on storage.objects for insert to sfml_authenticated
  with check (bucket_id in ('scans', 'letters') and split_part(name, '/', 1) = auth.org());
create policy "staff rename" on storage.objects for update to sfml_authenticated
  using (split_part(name, '/', 1) = auth.org()) with check (split_part(name, '/', 1) = auth.org());
create policy "staff remove" on storage.objects for delete to sfml_authenticated
  using (split_part(name, '/', 1) = auth.org());

create function public.list_files(bucket text, folder text default '') returns setof storage.objects language sql stable
  as $$ select * from storage.objects where bucket_id = bucket and starts_with(name, auth.org() || '/' || folder) order by name $$;

grant usage on schema auth, storage to sfml_anon, sfml_authenticated;
grant select on public.modality, storage.buckets to sfml_anon, sfml_authenticated;
grant select on public.org to sfml_authenticated;
grant select, insert, update, delete on public.profile, public.study, public.series, public.report to sfml_authenticated;
grant select, delete on storage.objects to sfml_authenticated;
grant insert (bucket_id, name, metadata), update (name, metadata) on storage.objects to sfml_authenticated;
reset role;
