create role slp_owner nologin;
create role slp_app login;
do $$ begin execute format('alter database %I set app.signing_secret = %L', current_database(), 'k-2026-very-secret'); end $$;
alter schema public owner to slp_owner;
set role slp_owner;
create table polysomnography (clinic int not null, no int not null, patient text not null, ahi numeric, remark text, primary key (clinic, no));
insert into polysomnography values (1, 1, 'Vimal', 4, 'fine'), (2, 1, 'Zara bravo', 61, 'bravo severe');
create function verified_clinic() returns int language plpgsql stable set search_path = pg_catalog, pg_temp as $$
declare
  given text := nullif(current_setting('app.sig', true), '');
  claim text := split_part(given, '.', 1);
begin
  if given is null then return null; end if;
  if split_part(given, '.', 2) <> encode(sha256(convert_to(current_setting('app.signing_secret') || claim, 'utf8')), 'hex') then return null; end if;
  return claim::int;
end $$;
alter table polysomnography enable row level security, force row level security;
create policy clinic on polysomnography using (clinic = (select verified_clinic()));
grant select, insert on polysomnography to slp_app;
reset role;
