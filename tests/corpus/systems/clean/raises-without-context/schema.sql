create role rwc_owner nologin;
create role rwc_app login;
alter schema public owner to rwc_owner;
set role rwc_owner;
create domain team_code as text check (value ~ '^[a-z]{3,10}$');
create table home_visit (team team_code not null, no int not null, client text not null, door_code text, primary key (team, no));
insert into home_visit values ('north', 1, 'Mr Das', '1'), ('south', 1, 'Mrs Roy bravo', '2');
create function team() returns text language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  if coalesce(current_setting('hc.team', true), '') = '' then raise exception 'no team chosen' using errcode = '42501'; end if;
  return current_setting('hc.team');
end $$;
alter table home_visit enable row level security, force row level security;
create policy team on home_visit using (team = (select team()));
grant select, insert, update, delete on home_visit to rwc_app;
reset role;
