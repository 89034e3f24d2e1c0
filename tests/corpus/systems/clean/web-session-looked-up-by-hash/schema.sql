create role k5ws_owner nologin;
create role k5ws_app login;
alter schema public owner to k5ws_owner;
set role k5ws_owner;
reset role;
create schema auth authorization k5ws_owner;
set role k5ws_owner;
create table auth.web_session (clinic_id int not null, sid_digest bytea not null unique, user_name text not null, expires_at timestamptz not null);
create table patient (clinic_id int not null, no int not null, name text not null, primary key (clinic_id, no));
create table dispensing (clinic_id int not null, no int not null, patient_no int not null, drug text not null, primary key (clinic_id, no), foreign key (clinic_id, patient_no) references patient);
insert into auth.web_session values
  (1, sha256('Zk3v9aQm5tYx7c2L'), 'asha', '2099-01-01'),
  (2, sha256('q8WnR4hd6BsJ1uEo'), 'bravo', '2099-01-01'),
  (2, sha256(''), 'bravo, forgotten', '2020-01-01');
insert into patient values (1, 1, 'Ursula'), (2, 1, 'Viktor bravo');
insert into dispensing values (1, 1, 1, 'insulin'), (2, 1, 1, 'bravo');
create function session_clinic() returns int language sql stable security definer set search_path = pg_catalog, pg_temp as $$
  select s.clinic_id from auth.web_session s
   where s.sid_digest = sha256(convert_to(current_setting('app.sid', true), 'UTF8')) and s.expires_at > now()
$$;
revoke execute on function session_clinic() from public;
grant execute on function session_clinic() to k5ws_app;
alter table patient enable row level security;
alter table dispensing enable row level security;
create policy clinic on patient using (clinic_id = (select session_clinic()));
create policy clinic on dispensing using (clinic_id = (select session_clinic()));
grant select, insert, update, delete on patient, dispensing to k5ws_app;
reset role;
