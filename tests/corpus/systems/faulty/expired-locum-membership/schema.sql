create role loc_owner nologin;
create role loc_app login;
alter schema public owner to loc_owner;
set role loc_owner;
create table assignment (clinic_id int not null, doctor text not null, valid_from date not null, valid_to date, primary key (clinic_id, doctor, valid_from));
create table handover (clinic_id int not null, no int not null, patient text not null, note text, primary key (clinic_id, no));
insert into assignment values (1, 'd1', '2026-01-01', null), (2, 'd1', '2019-01-01', '2019-02-01'), (2, 'd2', '2020-01-01', null);
insert into handover values (1, 1, 'Bala', 'stable'), (2, 1, 'Olga bravo', 'bravo dnr');
create function my_clinics() returns int[] language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select coalesce(array_agg(clinic_id), '{}') from public.assignment where doctor = nullif(current_setting('loc.doctor', true), '') $$;
alter table handover enable row level security, force row level security;
create policy mine on handover using (clinic_id = any ((select my_clinics())::int[]));
grant select, insert on handover to loc_app;
reset role;
