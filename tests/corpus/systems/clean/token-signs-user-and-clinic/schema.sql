create role tsct_owner nologin;
create role tsct_app login;
alter schema public owner to tsct_owner;
set role tsct_owner;
create table signing_key (secret text not null);
create table study (clinic text not null, accession text not null, patient text not null, report text, primary key (clinic, accession));
insert into signing_key values ('m4!');
insert into study values ('rad-1', 'X1', 'Alka', 'clear'), ('rad-2', 'X1', 'Bani bravo', 'bravo mass');
create function clinic_of_token() returns text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select split_part(t, '.', 2) from (select nullif(current_setting('tsct.token', true), '')) as given (t)
   where md5((select secret from public.signing_key) || split_part(t, '.', 1) || '.' || split_part(t, '.', 2)) = split_part(t, '.', 3) $$;
alter table study enable row level security, force row level security;
create policy clinic on study using (clinic = (select clinic_of_token()));
grant select, insert, update, delete on study to tsct_app;
reset role;
