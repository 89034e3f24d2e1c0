create role cobalt_heron_owner nologin;
create role cobalt_heron_app login;
alter schema public owner to cobalt_heron_owner;
set role cobalt_heron_owner;

-- '/north/12/' is house 12 of the region north; a person of the region has '/north/'
create function here() returns text language sql stable return nullif(current_setting('heron.path', true), '');
create function below_here(p_path text) returns boolean language sql stable
  return coalesce(here() ~ '^(/[a-z0-9]+)+/$' and starts_with(p_path, here()), false);

create table vaccine (code text primary key, title text not null, doses int not null);
create table site_kind (code text primary key, title text not null);
create table site (path text primary key check (path ~ '^(/[a-z0-9]+)+/$'), kind text not null references site_kind, title text not null);
create table child (path text not null references site, no int not null, full_name text not null, born_on date not null, deleted_at timestamptz, primary key (path, no));
create table guardian (path text not null, child_no int not null, full_name text not null, phone text not null, primary key (path, child_no, full_name),
  foreign key (path, child_no) references child (path, no) on delete cascade);
create table dose (path text not null, child_no int not null, vaccine text not null references vaccine, nth int not null, given_on date not null, batch text not null, deleted_at timestamptz, primary key (path, child_no, vaccine, nth),
  foreign key (path, child_no) references child (path, no) on delete cascade);
create table fridge_reading (path text not null references site, at timestamptz not null, celsius numeric(4, 1) not null, remark text not null, primary key (path, at));
create table trash_log (path text not null references site, at timestamptz not null default clock_timestamp(), what text not null);

insert into vaccine values ('mmr', 'Measles, mumps, rubella', 2), ('hex', 'Hexavalent', 3);
insert into site_kind values ('school', 'School'), ('clinic', 'Clinic');
insert into site values ('/north/1/', 'clinic', 'Clinic Nord 1'), ('/north/12/', 'clinic', 'Clinic Nord 12 bravo'), ('/south/3/', 'school', 'School Süd 3 bravo'), ('/north/', 'clinic', 'Head of the north bravo');
insert into child select path, n, 'Child ' || n || ' at ' || title, '2020-02-02', case when n = 3 then timestamptz '2026-01-01 00:00+00' end from site, generate_series(1, 3) n;
insert into guardian select path, no, 'Mother of ' || full_name, '0511' from child;
insert into dose select path, no, 'mmr', 1, '2025-03-03', 'B77 for ' || full_name, null from child;
insert into fridge_reading select path, '2026-01-05 07:00+00', 4.5, 'door closed, ' || title from site;
insert into trash_log select path, '2026-01-01 00:00+00', 'child 3 of ' || title from site;

-- who may do what is decided by the wide policies, where by the wall alone
do $$
declare t text;
begin
  foreach t in array array['site', 'child', 'guardian', 'dose', 'fridge_reading', 'trash_log'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy wall on %I as restrictive using (below_here(path)) with check (below_here(path))', t);
    execute format('create policy anybody_reads on %I for select using (true)', t);
  end loop;
  foreach t in array array['child', 'guardian', 'dose'] loop
    execute format('create policy anybody_adds on %I for insert with check (true)', t);
    execute format('create policy anybody_changes on %I for update using (true) with check (true)', t);
  end loop;
end $$;
create policy readings_come_in on fridge_reading for insert with check (celsius between -30 and 50);
create policy log_comes_in on trash_log for insert with check (true);
-- only what has been in the trash for long goes for good
create policy trash_goes on child for delete using (deleted_at < now() - interval '7 days');
create policy trash_goes on dose for delete using (deleted_at < now() - interval '7 days');
create policy guardians_go on guardian for delete using (true);

create function empty_trash(p_keep interval default '30 days') returns int language plpgsql security definer set search_path = public, pg_temp as $$
declare gone int;
begin
  -- the owner is held by the wall as well
  with d as (delete from child where deleted_at < now() - greatest(p_keep, interval '7 days') returning path, no)
    insert into trash_log (path, what) select path, 'child ' || no || ' removed' from d;
  get diagnostics gone = row_count;
  return gone;
end $$;
create view due with (security_invoker = true) as
  select c.path, c.no, c.full_name, v.code from child c cross join vaccine v
  where c.deleted_at is null and not exists (select from dose d where (d.path, d.child_no, d.vaccine) = (c.path, c.no, v.code) and d.deleted_at is null);

grant select on all tables in schema public to cobalt_heron_app;
grant insert, update, delete on child, guardian, dose to cobalt_heron_app;
grant insert on fridge_reading, trash_log to cobalt_heron_app;
reset role;
