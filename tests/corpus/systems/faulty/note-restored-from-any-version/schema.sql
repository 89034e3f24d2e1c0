create role nrv_owner nologin;
create role nrv_malleswaram login;
create role nrv_hebbal login;
create role nrv_clinics nologin;
grant nrv_clinics to nrv_malleswaram, nrv_hebbal;
alter schema public owner to nrv_owner;
set role nrv_owner;
create table clinic_login (login name primary key, clinic text not null, contact text not null);
create table patient (clinic text not null, file_no int not null, full_name text not null, born date, primary key (clinic, file_no));
create table progress_note (
  clinic text not null, note_no int not null, file_no int not null, body text not null, signed_by text not null,
  primary key (clinic, note_no), foreign key (clinic, file_no) references patient);
-- one version a night of every note that changed, kept by the night's job
create table note_version (
  version_id bigint generated always as identity primary key, clinic text not null, note_no int not null,
  body text not null, saved_by text not null, saved_at timestamptz not null default now());
insert into clinic_login values ('nrv_malleswaram', 'MLS', 'Anitha'), ('nrv_hebbal', 'HBL', 'Basavaraj bravo');
insert into patient values ('MLS', 1, 'Anand Rao', '1971-02-03'), ('MLS', 2, 'Amrutha', '1990-05-06'),
  ('HBL', 1, 'Basamma bravo', '1966-08-09'), ('HBL', 2, 'Bopanna bravo', '1984-01-12');
insert into progress_note values ('MLS', 1, 1, 'Scaling done', 'Dr. Anitha'), ('MLS', 2, 2, 'RCT 36, second sitting', 'Dr. Anitha'),
  ('HBL', 1, 1, 'Implant 46 placed, bravo', 'Dr. Basavaraj bravo');
insert into note_version (clinic, note_no, body, saved_by) values ('MLS', 1, 'Scaling advised', 'Dr. Anitha'),
  ('HBL', 1, 'HIV reactive, refer before implant, bravo', 'Dr. Basavaraj bravo'), ('MLS', 2, 'RCT 36, first sitting', 'Dr. Anitha');
create function my_clinic() returns text language sql stable security definer set search_path = pg_catalog, pg_temp as
$$ select clinic from public.clinic_login where login = session_user $$;
-- "restore" in the list of earlier versions of a note
create function restore_note(p_note int, p_version bigint) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
  earlier public.note_version;
begin
  select * into earlier from public.note_version v where v.version_id = p_version;
  if not found then
    return false;
  end if;
  update public.progress_note n set body = earlier.body
   where n.clinic = public.my_clinic() and n.note_no = p_note;
  return true;
end $$;
revoke execute on function my_clinic(), restore_note(int, bigint) from public;
grant execute on function my_clinic(), restore_note(int, bigint) to nrv_clinics;
alter table patient enable row level security;
alter table progress_note enable row level security;
alter table note_version enable row level security;
create policy clinic on patient to nrv_clinics using (clinic = (select my_clinic()));
create policy clinic on progress_note to nrv_clinics using (clinic = (select my_clinic()));
create policy clinic on note_version for select to nrv_clinics using (clinic = (select my_clinic()));
grant select, insert, update on patient, progress_note to nrv_clinics;
grant select on note_version to nrv_clinics;
reset role;
