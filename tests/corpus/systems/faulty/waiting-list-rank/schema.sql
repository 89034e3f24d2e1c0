create role wtl_owner nologin;
create role wtl_app login;
alter schema public owner to wtl_owner;
set role wtl_owner;
create table waiting (site text not null, ticket int not null, patient text not null, since timestamptz not null default now(), primary key (site, ticket));
insert into waiting values ('s1', 1, 'Indu', '2026-03-01'), ('s2', 1, 'Jens bravo', '2026-02-01'), ('s2', 2, 'Jutta bravo', '2026-02-02');
alter table waiting enable row level security;
create policy site on waiting using (site = (select current_setting('wtl.site', true)));
create function rank_of(ticket int) returns bigint language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*) from public.waiting w where w.since <= (select o.since from public.waiting o where o.ticket = rank_of.ticket and o.site = current_setting('wtl.site', true)) $$;
revoke execute on function rank_of from public;
grant execute on function rank_of to wtl_app;
grant select, insert on waiting to wtl_app;
reset role;
