create role dsn_owner nologin;
create role dsn_app login;
alter schema public owner to dsn_owner;
set role dsn_owner;
create table crew (station_id int not null, no int not null, name text not null, primary key (station_id, no));
create table call_log (station_id int not null, call_no int not null, caller text not null, address text not null, received timestamptz not null, primary key (station_id, call_no));
insert into crew values (41, 1, 'Ravi'), (42, 1, 'Sunil bravo');
insert into call_log values (41, 1, 'Anand', '4 Lake Road', '2026-02-01 10:00+00'), (42, 1, 'Bipin bravo', '9 Hill Road', '2026-02-01 10:05+00');
alter table crew enable row level security;
alter table call_log enable row level security;
create policy station on crew using (station_id = (select nullif(current_setting('dispatch.station', true), '')::int));
create policy station on call_log using (station_id = (select nullif(current_setting('dispatch.station', true), '')::int));
create function search_calls(words text, since date default null) returns setof call_log
language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select * from public.call_log c
   where words is null
      or c.station_id = nullif(current_setting('dispatch.station', true), '')::int
     and c.caller || ' ' || c.address ilike '%' || words || '%'
     and (since is null or c.received >= since)
   order by c.received desc limit 50
$$;
revoke execute on function search_calls(text, date) from public;
grant execute on function search_calls(text, date) to dsn_app;
grant select, insert, update on call_log to dsn_app;
grant select on crew to dsn_app;
reset role;
