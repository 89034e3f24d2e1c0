create role pcp_owner nologin;
create role pcp_app login;
create schema reg authorization pcp_owner;
grant usage on schema reg to pcp_app;
set role pcp_owner;
create function reg.site() returns text language sql stable set search_path = pg_catalog, pg_temp as
$$ select nullif(current_setting('jwt.claims', true), '')::jsonb #>> '{app_metadata,site}' $$;
create table reg.vaccine (code text primary key, maker text);
create table reg.child (site text not null default reg.site(), no int not null, name text not null, guardian text, primary key (site, no));
create table reg.dose (site text not null default reg.site(), child_no int not null, vaccine text not null references reg.vaccine, nth int not null, batch text,
  primary key (site, child_no, vaccine, nth), foreign key (site, child_no) references reg.child);
insert into reg.vaccine values ('BCG', 'SII');
insert into reg.child values ('s1', 1, 'Aara', 'm'), ('s2', 1, 'Bena bravo', 'bravo');
insert into reg.dose values ('s1', 1, 'BCG', 1, 'x'), ('s2', 1, 'BCG', 1, 'bravo');
do $$
declare t regclass;
begin
  foreach t in array array['reg.child', 'reg.dose']::regclass[] loop
    execute format('alter table %s enable row level security', t);
    execute format('create policy s on %s for select using (site = (select reg.site()))', t);
    execute format('create policy i on %s for insert with check (site = (select reg.site()))', t);
    execute format('create policy u on %s for update using (site = (select reg.site())) with check (site = (select reg.site()))', t);
    execute format('create policy d on %s for delete using (site = (select reg.site()))', t);
  end loop;
end $$;
grant select, insert, update, delete on reg.child, reg.dose to pcp_app;
grant select on reg.vaccine to pcp_app;
reset role;
