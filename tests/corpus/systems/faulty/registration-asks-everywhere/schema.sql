create role frd_owner nologin;
create role frd_app login;
alter schema public owner to frd_owner;
set role frd_owner;
create table patient (clinic_id smallint not null, no int not null, name text not null, phone text not null, primary key (clinic_id, no), unique (clinic_id, phone));
insert into patient values (41, 1, 'Kamala', '9840011111'), (42, 1, 'Pavel bravo', '9840022222 bravo');
alter table patient enable row level security;
create policy clinic on patient using (clinic_id = (select nullif(current_setting('frd.clinic', true), '')::smallint));
create function is_registered(phone text) returns boolean language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select exists (select from public.patient p where p.phone = is_registered.phone) $$;
revoke execute on function is_registered from public;
grant execute on function is_registered to frd_app;
grant select, insert on patient to frd_app;
reset role;
