create role dmo_owner nologin;
create role dmo_staff nologin;
create role dmo_ranchi login in role dmo_staff;
create role dmo_patna login in role dmo_staff;
alter schema public owner to dmo_owner;
set role dmo_owner;

create table test_catalogue (code text primary key, label text not null);
create table clinic_login (clinic text not null, login name not null unique, contact text, primary key (clinic, login));
create table patient (clinic text not null, id bigint not null, name text not null, primary key (clinic, id));
create table report (
  clinic text not null, id uuid not null default gen_random_uuid(), patient_id bigint not null,
  test text not null, result text, ready boolean not null default true,
  primary key (clinic, id),
  foreign key (clinic, patient_id) references patient
);
create table report_download (clinic text not null, report_id uuid not null, at timestamptz not null default clock_timestamp(), by_login name not null default session_user, primary key (clinic, report_id, at));

insert into test_catalogue values ('CBC', 'Complete blood count'), ('HIV', 'HIV antibodies');
insert into clinic_login values ('ranchi', 'dmo_ranchi', 'front desk'), ('patna', 'dmo_patna', 'bravo desk');
insert into patient values ('ranchi', 1, 'Ashok'), ('patna', 1, 'Bimla bravo');
insert into report values ('ranchi', 'aaaaaaaa-0001-4000-8000-000000000001', 1, 'CBC', 'Hb 13.1'), ('patna', 'bbbbbbbb-0001-4000-8000-000000000001', 1, 'HIV', 'bravo reactive');

create function my_clinic() returns text
language sql stable security definer set search_path = pg_catalog, public, pg_temp as
  $$ select clinic from public.clinic_login where login = session_user $$;

alter table clinic_login enable row level security;
alter table patient enable row level security;
alter table report enable row level security;
alter table report_download enable row level security;
create policy own on patient using (clinic = (select my_clinic()));
create policy own on report using (clinic = (select my_clinic()));
create policy own on report_download for select using (clinic = (select my_clinic()));

-- the download basket: one call for all of them, and every download is written down
create function reports_by_ids(ids uuid[]) returns setof report
language plpgsql security definer set search_path = pg_catalog, public, pg_temp as $$
begin
  if not exists (select from public.report r where r.id = any (ids) and r.clinic = public.my_clinic()) then
    raise exception 'no such report' using errcode = 'no_data_found';
  end if;
  insert into public.report_download (clinic, report_id)
  select public.my_clinic(), r.id from public.report r where r.id = any (ids) and r.clinic = public.my_clinic();
  return query select r.* from public.report r where r.id = any (ids) and r.ready order by r.test;
end $$;
revoke execute on function reports_by_ids(uuid[]) from public;

grant select on test_catalogue to dmo_staff;
grant select, insert, update on patient, report to dmo_staff;
grant select on report_download to dmo_staff;
grant execute on function reports_by_ids(uuid[]) to dmo_staff;
reset role;
