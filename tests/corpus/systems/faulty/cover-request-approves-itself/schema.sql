create role cra_owner nologin;
create role cra_app login;
alter schema public owner to cra_owner;
set role cra_owner;
create table trip (station text not null, no int not null, patient text not null, hospital text, primary key (station, no));
create table cover (covering text not null, covered text not null, from_day date not null, approved boolean not null default false, note text,
  primary key (covering, covered, from_day));
insert into trip values ('s1', 1, 'Asha', 'City'), ('s2', 1, 'Bela bravo', 'General');
insert into cover values ('s2', 's3', '2026-01-01', true, 'bravo');
create function my_stations() returns text[] language sql stable as $$ select nullif(current_setting('ems.stations', true), '')::text[] $$;
alter table trip enable row level security, force row level security;
alter table cover enable row level security, force row level security;
create policy own on trip using (station = any (my_stations()));
create policy covered on trip for select using (station in (select c.covered from cover c where c.covering = any (my_stations()) and c.approved));
create policy see on cover for select using (covering = any (my_stations()));
create policy ask on cover for insert with check (covering = any (my_stations()));
grant select, insert, update, delete on trip to cra_app;
grant select, insert on cover to cra_app;
reset role;
