create role k5cc_owner nologin;
create role k5cc_app login;
alter schema public owner to k5cc_owner;
set role k5cc_owner;
create table patient (clinic_id int not null, no int not null, name text not null, primary key (clinic_id, no));
create table lab_result (clinic_id int not null, no int not null, patient_no int not null, test text not null, value text not null, primary key (clinic_id, no), foreign key (clinic_id, patient_no) references patient);
insert into patient values (11, 1, 'Mercy'), (12, 1, 'Vikram bravo');
insert into lab_result values (11, 1, 1, 'TSH', '2.4'), (12, 1, 1, 'HIV', 'bravo reactive');
create function clinic() returns int language sql stable as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'clinic')::int $$;
alter table patient enable row level security;
alter table lab_result enable row level security;
create policy clinic on patient using (clinic_id = (select clinic()));
create policy clinic on lab_result using (clinic_id = (select clinic()));
create function last_result(patient) returns text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select r.test || ' ' || r.value from public.lab_result r where r.clinic_id = $1.clinic_id and r.patient_no = $1.no order by r.no desc limit 1
$$;
revoke execute on function last_result(patient) from public;
grant execute on function last_result(patient) to k5cc_app;
grant select, insert, update on patient to k5cc_app;
reset role;
