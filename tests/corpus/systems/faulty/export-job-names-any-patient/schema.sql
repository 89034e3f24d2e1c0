create role ejan_owner nologin;
create role ejan_app login;
alter schema public owner to ejan_owner;
set role ejan_owner;
create function here() returns int language sql stable set search_path = pg_catalog, pg_temp as $$ select nullif(current_setting('ejan.clinic', true), '')::int $$;
create table patient (clinic_id int not null, patient_no int not null, name text not null, born date not null, allergies text, primary key (clinic_id, patient_no));
create table export_job (clinic_id int not null default here(), job uuid not null default gen_random_uuid(), patient_no int not null, state text not null default 'waiting', file text, primary key (clinic_id, job));
insert into patient values (41, 5001, 'Amar', '1971-02-03', 'none'), (41, 5002, 'Asif', '1985-06-07', 'latex'), (42, 5003, 'Babu bravo', '1990-10-11', 'bravo penicillin'), (42, 5004, 'Bano bravo', '2001-12-24', 'bravo eggs');
insert into export_job (clinic_id, patient_no, state, file) values (41, 5001, 'done', 'Amar, 1971-02-03, none'), (42, 5003, 'done', 'Babu bravo, 1990-10-11, bravo penicillin');
alter table patient enable row level security;
alter table export_job enable row level security;
create policy clinic on patient using (clinic_id = (select here()));
create policy clinic on export_job using (clinic_id = (select here()));
create function run_exports() returns int language sql security definer set search_path = pg_catalog, pg_temp as $$
  with made as (
    update public.export_job j set state = 'done', file = (
      select concat_ws(', ', p.name, p.born, p.allergies) from public.patient p where p.patient_no = j.patient_no)
    where j.clinic_id = public.here() and j.state = 'waiting' returning 1)
  select count(*)::int from made
$$;
revoke execute on all functions in schema public from public;
grant execute on all functions in schema public to ejan_app;
grant select on patient, export_job to ejan_app;
grant insert (patient_no) on export_job to ejan_app;
grant delete on export_job to ejan_app;
reset role;
