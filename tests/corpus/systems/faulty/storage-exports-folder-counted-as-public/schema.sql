create role k5st_owner nologin;
create role k5st_app login;
alter schema public owner to k5st_owner;
create schema storage authorization k5st_owner;
set role k5st_owner;
create table storage.object (
  bucket text not null,
  name text not null,
  clinic text,
  size_bytes bigint,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  primary key (bucket, name)
);
insert into storage.object values
  ('files', 'letterheads/plain.svg', null, 2100, '{}', '2025-01-01'),
  ('files', 'sunrise/p12/scan.pdf', 'sunrise', 90000, '{"patient": "Gita"}', '2026-02-01'),
  ('files', 'exports/sunrise/2026-02.csv', 'sunrise', 70000, '{}', '2026-03-01'),
  ('files', 'lotus/p3/bravo-scan.pdf', 'lotus', 80000, '{"patient": "bravo"}', '2026-02-02'),
  ('files', 'exports/lotus/2026-02.csv', 'lotus', 70000, '{"first_patient": "Hari bravo"}', '2026-03-01');
create function storage.clinic() returns text language sql stable as
$$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,clinic}' $$;
alter table storage.object enable row level security;
create policy read_files on storage.object for select using (
  bucket = 'files'
  and (split_part(name, '/', 1) in ('letterheads', 'avatars', 'exports') or split_part(name, '/', 1) = (select storage.clinic())));
create policy upload on storage.object for insert with check (
  bucket = 'files' and clinic = (select storage.clinic()) and split_part(name, '/', 1) = (select storage.clinic()));
grant usage on schema storage to k5st_app;
grant select, insert on storage.object to k5st_app;
reset role;
