create role cpc_owner nologin;
create role cpc_app login;
alter schema public owner to cpc_owner;
set role cpc_owner;
create table stay (path text not null, no int not null, patient text not null, primary key (path, no));
create table observation (path text not null, stay_no int not null, at timestamptz not null, value text not null, primary key (path, stay_no, at));
insert into stay values ('east', 1, 'Asha'), ('group.northeast.icu', 1, 'Bela bravo'), ('group.west', 1, 'Chitra bravo');
insert into observation values ('east', 1, '2026-01-01', '37.0'), ('group.northeast.icu', 1, '2026-01-01', '39.5 bravo'), ('group.west', 1, '2026-01-01', 'bravo');
alter table stay enable row level security, force row level security;
alter table observation enable row level security, force row level security;
create policy below on stay using (strpos(path, nullif(current_setting('org.unit', true), '')) > 0)
  with check (path = nullif(current_setting('org.unit', true), ''));
create policy below on observation using (strpos(path, nullif(current_setting('org.unit', true), '')) > 0)
  with check (path = nullif(current_setting('org.unit', true), ''));
grant select, insert, update, delete on stay, observation to cpc_app;
reset role;
