create role warte_owner nologin;
create role warte_app login;
create role warte_cron nologin;
alter schema public owner to warte_owner;
set role warte_owner;

create table specialty (code text primary key, title text not null);
create table urgency (level int primary key, title text not null, max_days int not null);
create table clinic (id text primary key, name text not null);
create table staff (clinic_id text not null references clinic, no int not null, name text not null, primary key (clinic_id, no));
create table login_session (token_hash text primary key, clinic_id text not null references clinic, staff_no int not null, agent text not null, expires_at timestamptz not null,
  foreign key (clinic_id, staff_no) references staff (clinic_id, no));
create table patient (clinic_id text not null references clinic, no int not null, name text not null, primary key (clinic_id, no));
create table referral (clinic_id text not null, no int not null, patient_no int not null, specialty text not null references specialty, level int not null references urgency, received_on date not null, reason text not null,
  primary key (clinic_id, no), foreign key (clinic_id, patient_no) references patient (clinic_id, no));
create table offer (clinic_id text not null, referral_no int not null, seq int not null, day date not null, answer text, remark text not null, primary key (clinic_id, referral_no, seq),
  foreign key (clinic_id, referral_no) references referral (clinic_id, no) on delete cascade);
create table closure (clinic_id text not null, referral_no int not null, closed_on date not null, why text not null, primary key (clinic_id, referral_no),
  foreign key (clinic_id, referral_no) references referral (clinic_id, no) on delete cascade);

create function session_clinic() returns text language sql stable security definer set search_path = public, pg_temp as $$
  select clinic_id from login_session
  where token_hash = encode(sha256(convert_to(nullif(current_setting('warte.token', true), ''), 'UTF8')), 'hex') and expires_at > now()
$$;

insert into specialty values ('ORTH', 'Orthopaedics'), ('NEUR', 'Neurology');
insert into urgency values (1, 'Urgent', 7), (3, 'Routine', 90);
insert into clinic values ('alt', 'Klinik Altenau'), ('brk', 'Klinik Brocken bravo'), ('cla', 'Klinik Clausthal bravo');
insert into staff select id, n, 'Secretary ' || n || ' of ' || name from clinic, generate_series(1, 2) n;
insert into login_session select encode(sha256(convert_to('warte-' || id, 'UTF8')), 'hex'), id, 1, 'Firefox at ' || name, '2099-01-01' from clinic;
insert into patient select id, n, 'Patient ' || n || ' of ' || name from clinic, generate_series(1, 4) n;
insert into referral select clinic_id, no, no, 'ORTH', 3, date '2026-01-01' + no, 'Hip pain, ' || name from patient;
insert into offer select clinic_id, no, 1, '2026-04-01', 'declined', 'On holiday. ' || reason from referral;
insert into closure select clinic_id, no, '2026-03-01', 'Went elsewhere. ' || reason from referral where no = 4;

-- all clinics in one, made by the operator every ten minutes; the application has no right on it
create materialized view waiting_list as
  select r.clinic_id, r.no, p.name as patient, r.reason, s.title as specialty, u.title as urgency, r.received_on,
    (select count(*) from offer o where o.clinic_id = r.clinic_id and o.referral_no = r.no) as offers,
    row_number() over (partition by r.clinic_id, r.specialty order by r.level, r.received_on) as place
  from referral r
  join patient p on p.clinic_id = r.clinic_id and p.no = r.patient_no
  join specialty s on s.code = r.specialty
  join urgency u on u.level = r.level
  where not exists (select from closure c where c.clinic_id = r.clinic_id and c.referral_no = r.no);
create unique index on waiting_list (clinic_id, no);
create view my_waiting_list with (security_barrier = true) as
  select no, patient, reason, specialty, urgency, received_on, offers, place from waiting_list where clinic_id = session_clinic();
create function place_of(p_no int) returns bigint language sql stable security definer set search_path = public, pg_temp as
$$ select w.place from waiting_list w where w.no = p_no and w.clinic_id = session_clinic() $$;
create function longest_wait() returns table (specialty text, days int) language sql stable as
$$ select w.specialty, max(date '2026-04-01' - w.received_on) from my_waiting_list w group by w.specialty $$;
create function refresh_waiting_list() returns void language sql security definer set search_path = public, pg_temp as
$$ refresh materialized view public.waiting_list $$;
revoke execute on function refresh_waiting_list() from public;
grant execute on function refresh_waiting_list() to warte_cron;

do $$
declare t text;
begin
  foreach t in array array['staff', 'patient', 'referral', 'offer', 'closure'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy clinic on %I using (clinic_id = (select session_clinic()))', t);
    execute format('grant select, insert, update, delete on %I to warte_app', t);
  end loop;
end $$;
alter table clinic enable row level security;
create policy own on clinic for select using (id = (select session_clinic()));
grant select on specialty, urgency, clinic, my_waiting_list to warte_app;
reset role;
