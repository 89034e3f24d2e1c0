create role abtc_owner nologin;
create role abtc_app login;
alter schema public owner to abtc_owner;
set role abtc_owner;
reset role;
create schema log authorization abtc_owner;
set role abtc_owner;
create table log.change (id bigint generated always as identity primary key, at timestamptz not null default now(), clinic text not null, was jsonb, becomes jsonb);
create table prescription (clinic text not null, no int not null, patient text not null, drug text not null, primary key (clinic, no));
create function log.keep() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into log.change (clinic, was, becomes) values (coalesce(new.clinic, old.clinic), to_jsonb(old), to_jsonb(new));
  return null;
end $$;
create trigger keep after insert or update or delete on prescription for each row execute function log.keep();
insert into prescription values ('cl/1', 1, 'Amina', 'iron'), ('cl/2', 1, 'Basil bravo', 'bravo lithium');
alter table prescription enable row level security, force row level security;
create policy clinic on prescription using (clinic = (select nullif(current_setting('abtc.clinic', true), '')));
grant select, insert, update, delete on prescription to abtc_app;
reset role;
