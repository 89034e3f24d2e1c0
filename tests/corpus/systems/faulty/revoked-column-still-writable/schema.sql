create role rcw_owner nologin;
create role rcw_app login;
alter schema public owner to rcw_owner;
set role rcw_owner;
create table staff (facility_id uuid not null, id uuid not null, name text not null, phone text, acting_for uuid, primary key (facility_id, id));
create table admission (facility_id uuid not null, no int not null, patient text not null, ward text, primary key (facility_id, no));
insert into staff values
  ('a1000000-0000-4000-8000-000000000000', 'a1100000-0000-4000-8000-000000000000', 'Anil', '1', null),
  ('b1000000-0000-4000-8000-000000000000', 'b1100000-0000-4000-8000-000000000000', 'Bimal bravo', '2', null);
insert into admission values ('a1000000-0000-4000-8000-000000000000', 1, 'Asha', 'W1'), ('b1000000-0000-4000-8000-000000000000', 1, 'Bela bravo', 'W2');
create function my_facility() returns uuid language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select coalesce(acting_for, facility_id) from public.staff where id = nullif(current_setting('app.user', true), '')::uuid $$;
alter table staff enable row level security;
alter table admission enable row level security, force row level security;
create policy me on staff using (id = nullif(current_setting('app.user', true), '')::uuid);
create policy facility on admission using (facility_id = (select my_facility()));
grant select, update on staff to rcw_app;
revoke update (facility_id, id, acting_for) on staff from rcw_app;
grant select, insert, update, delete on admission to rcw_app;
reset role;
