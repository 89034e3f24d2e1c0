create role k5sf_owner nologin;
create role k5sf_app login;
create schema storage authorization k5sf_owner;
set role k5sf_owner;
create table storage.object (
  bucket text not null,
  name text not null,
  clinic text,
  metadata jsonb not null default '{}',
  primary key (bucket, name),
  check (clinic is null or split_part(name, '/', 1) = clinic)
);
insert into storage.object values
  ('files', 'letterheads/plain.svg', null, '{}'),
  ('files', 'lotus/letterheads/own.svg', 'lotus', '{}'),
  ('files', 'lotus/p12/scan.pdf', 'lotus', '{"patient": "Gita"}'),
  ('files', 'lotus2/letterheads/bravo.svg', 'lotus2', '{}'),
  ('files', 'lotus2/p3/scan.pdf', 'lotus2', '{"patient": "Hari bravo"}');
create function storage.clinic() returns text language sql stable as
$$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,clinic}' $$;
alter table storage.object enable row level security;
create policy house on storage.object for select using (clinic is null and split_part(name, '/', 1) = 'letterheads');
create policy own_folder on storage.object
  using (bucket = 'files' and split_part(name, '/', 1) = (select storage.clinic()))
  with check (bucket = 'files' and clinic = (select storage.clinic()) and split_part(name, '/', 1) = (select storage.clinic()));
grant usage on schema storage to k5sf_app;
grant select, insert, update, delete on storage.object to k5sf_app;
reset role;
