create role k5dn_owner nologin;
create role k5dn_app login;
alter schema public owner to k5dn_owner;
set role k5dn_owner;
create table patient (clinic_id int not null, no int not null, name text not null, primary key (clinic_id, no));
create table visit (clinic_id int not null, no int not null, patient_no int not null, reason text, primary key (clinic_id, no), foreign key (clinic_id, patient_no) references patient);
insert into patient values (21, 1, 'Mercy'), (22, 1, 'Vikram bravo'), (22, 2, 'Wafa bravo');
insert into visit values (21, 1, 1, 'cold'), (22, 1, 2, 'bravo');
create function clinic() returns int language sql stable as
$$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'clinic')::int $$;
alter table patient enable row level security;
alter table visit enable row level security;
create policy clinic on patient using (clinic_id = (select clinic()));
create policy clinic on visit using (clinic_id = (select clinic()));
create function display_name(patient_no int) returns text language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select p.name from public.patient p
   where p.clinic_id = (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'clinic')::int and p.no = patient_no
$$;
revoke execute on function display_name(int) from public;
grant execute on function display_name(int) to k5dn_app;
create view worklist with (security_barrier) as
  select v.no, display_name(v.patient_no) as patient, v.reason from visit v where v.clinic_id = (select clinic());
grant select on worklist to k5dn_app;
grant select, insert, update on visit to k5dn_app;
reset role;
