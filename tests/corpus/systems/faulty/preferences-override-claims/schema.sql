create role poc_owner nologin;
create role poc_app login;
alter schema public owner to poc_owner;
set role poc_owner;
create table preference (clinic text not null, usr text not null, value jsonb not null default '{}', primary key (clinic, usr));
create table consult (clinic text not null, no int not null, patient text not null, summary text, primary key (clinic, no));
insert into preference values ('c1', 'u1', '{"theme": "dark"}'), ('c2', 'u2', '{"theme": "bravo"}');
insert into consult values ('c1', 1, 'Asha', 'cough'), ('c2', 1, 'Bela bravo', 'panic');
create function claims() returns jsonb language sql stable as $$ select nullif(current_setting('jwt.claims', true), '')::jsonb $$;
create function my_clinic() returns text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select (public.claims() || coalesce(
    (select p.value from public.preference p where p.usr = public.claims() ->> 'sub' and p.clinic = public.claims() ->> 'clinic'), '{}')) ->> 'clinic'
$$;
alter table preference enable row level security;
alter table consult enable row level security, force row level security;
create policy mine on preference using (usr = claims() ->> 'sub' and clinic = claims() ->> 'clinic');
create policy clinic on consult using (clinic = (select my_clinic()));
grant select, update (value) on preference to poc_app;
grant select, insert, update, delete on consult to poc_app;
reset role;
