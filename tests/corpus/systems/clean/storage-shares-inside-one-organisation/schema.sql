create role ssio_owner nologin;
create role ssio_anon nologin;
create role ssio_authenticated nologin;
create role ssio_authenticator login noinherit;
grant ssio_anon, ssio_authenticated to ssio_authenticator;
alter schema public owner to ssio_owner;
revoke create on schema public from public;
create schema auth authorization ssio_owner;
create schema storage authorization ssio_owner;
set role ssio_owner;

create function auth.claim(name text) returns text language sql stable as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name $$;
create function storage.foldername(name text) returns text[] language sql immutable as $$ select (string_to_array(name, '/'))[1 : cardinality(string_to_array(name, '/')) - 1] $$;
create function storage.extension(name text) returns text language sql immutable as $$ select lower(substring(name from '\.([^./]+)$')) $$;

create table public.file_type (extension text primary key, mime text not null);
create table public.org (id text primary key, name text not null);
create table public.person (org text not null references public.org, sub text not null, name text not null, primary key (org, sub));
create table public.folder (org text not null references public.org, path text not null, title text not null, primary key (org, path));
create table public.tag (org text not null references public.org, name text not null, on_type text not null, on_key text not null, by_whom text, primary key (org, name, on_type, on_key));
create table storage.buckets (id text primary key, public boolean not null default false);
-- what stands in the bucket of the vendor belongs to nobody
create table storage.objects (
  id uuid primary key default gen_random_uuid(),
  bucket_id text not null references storage.buckets,
  name text not null,
  org text generated always as (case when bucket_id <> 'vendor' then split_part(name, '/', 1) end) stored,
  owner_sub text,
  metadata jsonb,
  unique (bucket_id, name)
);
create table public.share (org text not null references public.org, token_hash text not null, bucket_id text not null, name text not null, until timestamptz not null, note text, primary key (org, token_hash));
create table public.download (org text not null references public.org, id uuid not null default gen_random_uuid(), at timestamptz not null default now(), what text not null, primary key (org, id));

insert into public.file_type values ('pdf', 'application/pdf'), ('dcm', 'application/dicom');
insert into public.org values ('k1', 'Clinic Kamp'), ('k11', 'Clinic Laube bravo'), ('k_', 'Clinic Mohn bravo');
insert into public.person select id, 'sub-' || md5(id), 'Nurse of ' || name from public.org;
insert into public.folder select id, id || '/letters', 'Letters of ' || name from public.org;
insert into public.tag select id, 'urgent', 'folder', id || '/letters', 'Nurse of ' || name from public.org;
insert into storage.buckets values ('files', false), ('vendor', true);
insert into storage.objects (bucket_id, name, owner_sub, metadata)
  select 'files', id || '/letters/' || n || '.pdf', 'sub-' || md5(id), jsonb_build_object('title', 'Letter ' || n || ' of ' || name) from public.org, generate_series(1, 2) n;
insert into storage.objects (bucket_id, name, metadata) values ('vendor', 'guides/first-steps.pdf', '{"title": "First steps"}'), ('vendor', 'k1/logo.pdf', '{"title": "Sample logo"}');
insert into public.share select org, encode(sha256(convert_to(md5(name), 'UTF8')), 'hex'), bucket_id, name, '2099-01-01', metadata ->> 'title' from storage.objects where org is not null;
insert into public.download (org, what) select org, 'Opened ' || (metadata ->> 'title') from storage.objects where org is not null;

do $$
declare t text;
begin
  foreach t in array array['person', 'folder', 'tag', 'share', 'download'] loop
    execute format('alter table public.%I enable row level security', t);
    execute format('create policy organisation on public.%I to ssio_authenticated using (org = (select auth.claim(''org''))) with check (org = (select auth.claim(''org'')))', t);
  end loop;
end $$;
alter table public.org enable row level security;
create policy own on public.org for select to ssio_authenticated using (id = (select auth.claim('org')));

alter table storage.objects enable row level security;
create policy "anybody reads what the vendor hands out" on storage.objects for select to ssio_anon, ssio_authenticated using (bucket_id = 'vendor');
create policy "own folder" on storage.objects for select to ssio_authenticated
  using (bucket_id = 'files' and (storage.foldername(name))[1] = (select auth.claim('org')));
create policy "upload into own folder" on storage.objects for insert to ssio_authenticated
  with check (bucket_id = 'files' and (storage.foldername(name))[1] = (select auth.claim('org')) and storage.extension(name) in ('pdf', 'dcm'));
create policy "move inside own folder" on storage.objects for update to ssio_authenticated
  using (bucket_id = 'files' and (storage.foldername(name))[1] = (select auth.claim('org')));
create policy "remove from own folder" on storage.objects for delete to ssio_authenticated
  using (bucket_id = 'files' and (storage.foldername(name))[1] = (select auth.claim('org')));

-- a link is for colleagues: whoever opens it must be of the organisation that made it
create function public.open_share(token text) returns jsonb language plpgsql security definer set search_path = public, pg_temp as $$
declare s share; o storage.objects;
begin
  select * into s from share
  where org = auth.claim('org') and token_hash = encode(sha256(convert_to(token, 'UTF8')), 'hex') and until > now();
  if not found then return null; end if;
  select * into o from storage.objects x where x.bucket_id = s.bucket_id and x.name = s.name and x.org = s.org;
  insert into download (org, what) values (s.org, 'By link: ' || s.name);
  return to_jsonb(o);
end $$;
create function public.file_title(path text) returns text language sql stable security definer set search_path = public, pg_temp as $$
  select metadata ->> 'title' from storage.objects where name = path and (org = auth.claim('org') or bucket_id = 'vendor')
$$;
create function public.search_files(words text) returns setof storage.objects language sql stable
  as $$ select * from storage.objects where metadata ->> 'title' ilike '%' || words || '%' $$;
revoke execute on function public.open_share, public.file_title from public;
grant execute on function public.open_share, public.file_title to ssio_authenticated;

grant usage on schema auth, storage to ssio_anon, ssio_authenticated;
grant select on public.file_type, storage.buckets, storage.objects to ssio_anon, ssio_authenticated;
grant select on public.org to ssio_authenticated;
grant select, insert, update, delete on public.person, public.folder, public.tag, public.share to ssio_authenticated;
grant select on public.download to ssio_authenticated;
grant insert (bucket_id, name, owner_sub, metadata), update (name, metadata), delete on storage.objects to ssio_authenticated;
reset role;
