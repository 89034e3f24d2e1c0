create role crs_owner nologin;
create role crs_app login;
alter schema public owner to crs_owner;
set role crs_owner;
create function clinic() returns uuid language plpgsql stable set search_path = pg_catalog, pg_temp as $$
begin
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{clinic,id}')::uuid;
exception when others then
  return null;
end $$;
create table bill (clinic_id uuid not null, no bigint not null, payer text not null, paise bigint not null default 0, primary key (clinic_id, no));
insert into bill values ('0191aaaa-0000-7000-8000-00000000000a', 1, 'Ananya', 50000), ('0191bbbb-0000-7000-8000-00000000000b', 1, 'Nils bravo', 70000);
alter table bill enable row level security, force row level security;
create policy clinic on bill using (clinic_id = (select clinic()));
grant select, insert, update, delete on bill to crs_app;
reset role;
