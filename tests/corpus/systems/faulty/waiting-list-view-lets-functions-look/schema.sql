create role wllf_owner nologin;
create role wllf_ost nologin;
create role wllf_sued nologin;
create role wllf_west nologin;
create role wllf_clinics nologin;
create role wllf_app login noinherit;
grant wllf_clinics to wllf_ost, wllf_sued, wllf_west;
grant wllf_ost, wllf_sued, wllf_west to wllf_app;
alter schema public owner to wllf_owner;
revoke create on schema public from public;
set role wllf_owner;

create table specialty (code text primary key, title text not null);
create table urgency (grade int primary key, title text not null, days int not null);
create table clinic (code text primary key, name text not null, beds int not null default 40);
create table patient (clinic text not null references clinic, no int not null, name text not null, born date, primary key (clinic, no));
create table referral (clinic text not null, no int not null, patient_no int not null, specialty text not null references specialty, grade int not null references urgency, reason text not null, received date not null default current_date, closed date,
  primary key (clinic, no), foreign key (clinic, patient_no) references patient);
create table offer (clinic text not null, referral_no int not null, day date not null, answer text, primary key (clinic, referral_no, day), foreign key (clinic, referral_no) references referral);
create table capacity (clinic text not null references clinic, specialty text not null references specialty, week date not null, places int not null, remark text, primary key (clinic, specialty, week));
-- one flat row for each open referral, kept by trigger; read through the view below only
create table waiting_entry (
  id uuid primary key default gen_random_uuid(),
  clinic text not null,
  referral_no int not null,
  patient text not null,
  reason text not null,
  due date not null
);
create index on waiting_entry (due);
create table nightly_figure (clinic text not null references clinic, day date not null, figure text not null, value int not null, remark text, primary key (clinic, day, figure));

-- SET ROLE says which clinic it is: wllf_ost is ost
create function own_clinic() returns text language sql stable return substr(current_user::text, length('wllf_') + 1);

create function keep_waiting_entry() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  delete from waiting_entry where clinic = new.clinic and referral_no = new.no;
  if new.closed is null then
    insert into waiting_entry (clinic, referral_no, patient, reason, due)
    select new.clinic, new.no, p.name, new.reason, new.received + u.days
    from patient p, urgency u where p.clinic = new.clinic and p.no = new.patient_no and u.grade = new.grade;
  end if;
  return null;
end $$;
create trigger keep_waiting_entry after insert or update on referral for each row execute function keep_waiting_entry();

insert into specialty values ('ORT', 'Orthopaedics'), ('PSY', 'Psychiatry');
insert into urgency values (1, 'urgent', 14), (2, 'soon', 60), (3, 'can wait', 180);
insert into clinic values ('ost', 'Clinic Ost'), ('sued', 'Clinic Süd bravo'), ('west', 'Clinic West bravo');
insert into patient select code, n, 'Patient ' || n || ' of ' || name, '1975-02-03' from clinic, generate_series(1, 3) n;
insert into referral (clinic, no, patient_no, specialty, grade, reason) select clinic, 10 + no, no, 'PSY', no, 'Depression, ' || name from patient;
insert into offer select clinic, no, '2026-05-04', 'No answer: ' || reason from referral;
insert into capacity select code, 'PSY', '2026-05-04', 6, 'Places of ' || name from clinic;
insert into nightly_figure select code, '2026-01-31', 'open', 3, 'Open at ' || name from clinic;

do $$
declare t text;
begin
  foreach t in array array['patient', 'referral', 'offer', 'capacity'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy clinic on %I to wllf_clinics using (clinic = own_clinic()) with check (clinic = own_clinic())', t);
  end loop;
end $$;
alter table clinic enable row level security;
create policy own on clinic for select to wllf_clinics using (code = own_clinic());

create view my_figures with (security_barrier = true) as select * from nightly_figure where clinic = own_clinic();
create view my_waiting_list as select id, clinic, referral_no, patient, reason, due, due < current_date as late from waiting_entry where clinic = own_clinic();

grant select on specialty, urgency, clinic, my_figures, my_waiting_list to wllf_clinics;
grant select, insert, update, delete on patient, offer, capacity to wllf_clinics;
grant select, insert, update on referral to wllf_clinics;
reset role;
