create role dsig_owner nologin;
create role dsig_app login;
create schema store authorization dsig_owner;
create schema api authorization dsig_owner;
set role dsig_owner;
create table store.signing_key (key text not null);
insert into store.signing_key values (gen_random_uuid()::text);
create table store.document (clinic text not null, path text not null, title text not null, body text not null, primary key (clinic, path));
insert into store.document values
  ('pune', 'pune/2026/0001.pdf', 'Discharge summary', 'Ajay, discharged well'), ('pune', 'pune/2026/0002.pdf', 'X-ray report', 'Anita, no fracture'),
  ('nashik', 'nashik/2026/0001.pdf', 'Discharge bravo', 'Bhola bravo, HIV reactive'), ('nashik', 'nashik/2026/0002.pdf', 'X-ray bravo', 'Bina bravo, fracture');
create function store.signature(path text, until bigint, clinic text) returns text language sql stable set search_path = pg_catalog, pg_temp as
$$ select encode(sha256(convert_to(concat_ws('|', path, until, clinic, (select k.key from store.signing_key k)), 'UTF8')), 'hex') $$;
create function api.my_documents() returns table (path text, title text) language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select d.path, d.title from store.document d where d.clinic = nullif(current_setting('dsig.clinic', true), '') $$;
create function api.sign_download(path text) returns text language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare until bigint := extract(epoch from now())::bigint + 600;
begin
  return until || '.' || store.signature(path, until, '');
end $$;
create function api.download(path text, link text) returns table (title text, body text) language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
begin
  if link is null or link !~ '^[0-9]{1,12}[.][0-9a-f]{64}$' or split_part(link, '.', 1)::bigint < extract(epoch from now())
     or split_part(link, '.', 2) <> store.signature(path, split_part(link, '.', 1)::bigint, '') then
    raise exception 'this link is not valid';
  end if;
  return query select d.title, d.body from store.document d where d.path = download.path;
end $$;
revoke execute on all functions in schema api, store from public;
grant usage on schema api to dsig_app;
grant execute on all functions in schema api to dsig_app;
reset role;
