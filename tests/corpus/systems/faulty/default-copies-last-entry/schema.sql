create role dcle_owner nologin;
create role dcle_app login;
alter schema public owner to dcle_owner;
set role dcle_owner;
create table advice (desk text not null, no int not null, remark text not null, at timestamptz not null default clock_timestamp(), primary key (desk, no));
insert into advice values ('d1', 1, 'ice twice a day', '2026-01-01'), ('d2', 1, 'bravo: Bela, no weight on the left leg', '2026-01-02');
create function last_remark() returns text language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select remark from public.advice order by at desc limit 1 $$;
alter table advice alter column remark set default last_remark();
alter table advice enable row level security;
create policy desk on advice using (desk = (select nullif(current_setting('physio.desk', true), '')));
grant select, insert, update, delete on advice to dcle_app;
reset role;
