create role k5me_owner nologin;
create role k5me_app login;
alter schema public owner to k5me_owner;
set role k5me_owner;
create table membership (
  clinic_id int not null,
  user_id uuid not null,
  valid tstzrange not null,
  remark text,
  deleted_at timestamptz,
  primary key (clinic_id, user_id, valid)
);
create table patient (clinic_id int not null, no int not null, name text not null, primary key (clinic_id, no));
insert into membership values
  (1, 'c0000000-0000-4000-8000-0000000000a2', '[2020-01-01,)', null, null),
  (2, 'c0000000-0000-4000-8000-0000000000a2', '[2025-06-01,2025-09-01)', 'bravo locum', null),
  (2, 'c0000000-0000-4000-8000-0000000000a2', '[2025-12-01,)', 'bravo resigned before the first day', '2025-11-20'),
  (2, 'c0000000-0000-4000-8000-0000000000b2', '[2020-01-01,)', 'bravo', null);
insert into patient values (1, 1, 'Sarah'), (2, 1, 'Qasim bravo');
create function my_clinics() returns setof int language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select m.clinic_id from public.membership m
   where m.user_id = nullif(pg_catalog.current_setting('auth.uid', true), '')::uuid and m.valid @> now() and m.deleted_at is null
$$;
revoke execute on function my_clinics() from public;
grant execute on function my_clinics() to k5me_app;
alter table membership enable row level security;
alter table patient enable row level security;
create policy member on patient using (clinic_id in (select my_clinics()));
grant select, insert, update, delete on patient to k5me_app;
reset role;
