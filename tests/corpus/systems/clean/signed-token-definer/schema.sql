create role sgn_owner nologin;
create role sgn_app login;
alter schema public owner to sgn_owner;
create schema auth authorization sgn_owner;
grant usage on schema auth to sgn_app;
set role sgn_owner;
create table auth.key (id int primary key, secret bytea not null);
insert into auth.key values (1, '\x6b6579');
create table session_note (tenant int not null, no int not null, patient text not null, body text, primary key (tenant, no));
insert into session_note values (41, 1, 'Deepa', 'ok'), (42, 1, 'Luke bravo', 'bravo');
create function auth.tenant() returns int language plpgsql stable security definer set search_path = pg_catalog, pg_temp as $$
declare
  given text := nullif(current_setting('app.token', true), '');
  claim text := split_part(given, '.', 1);
  key bytea;
begin
  if given is null then raise exception 'no token' using errcode = '42501'; end if;
  select k.secret into strict key from auth.key k where k.id = 1;
  if split_part(given, '.', 2) <> encode(sha256(key || sha256(key || convert_to(claim, 'utf8'))), 'hex') then
    raise exception 'the token is not genuine' using errcode = '42501';
  end if;
  return claim::int;
end $$;
alter table session_note enable row level security, force row level security;
create policy tenant on session_note using (tenant = (select auth.tenant()));
grant select, insert, update, delete on session_note to sgn_app;
reset role;
