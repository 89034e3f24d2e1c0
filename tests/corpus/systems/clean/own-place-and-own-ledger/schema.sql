create role opl_owner nologin;
create role opl_app login;
alter schema public owner to opl_owner;
set role opl_owner;
create table visit (site text not null, ticket int not null, patient text not null, since timestamptz not null default now(), primary key (site, ticket));
create table ledger (site text not null, no bigint generated always as identity, entry text not null, primary key (site, no));
create function own_site() returns text language sql stable set search_path = pg_catalog, pg_temp as $$ select nullif(current_setting('opl.site', true), '') $$;
create function note_visit() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
begin
  insert into public.ledger (site, entry) values (new.site, 'visit of ' || new.patient);
  return null;
end $$;
create trigger note_visit after insert or update on visit for each row execute function note_visit();
create function rank_of(ticket int) returns bigint language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select count(*) from public.visit w where w.site = public.own_site()
     and w.since <= (select o.since from public.visit o where o.ticket = rank_of.ticket and o.site = public.own_site()) $$;
create function find(words text) returns setof text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select v.patient from public.visit v where v.patient ilike '%' || words || '%' and v.site = public.own_site() $$;
insert into visit values ('north-1', 1, 'Vani', '2026-03-01'), ('south-2', 1, 'Sven bravo', '2026-02-01');
alter table visit enable row level security, force row level security;
alter table ledger enable row level security, force row level security;
create policy site on visit using (site = (select own_site()));
create policy site on ledger using (site = (select own_site()));
grant select, insert, update on visit to opl_app;
grant select on ledger to opl_app;
reset role;
