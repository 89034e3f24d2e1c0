create role thornby_owner nologin;
create role thornby_desk login;
alter schema public owner to thornby_owner;
set role thornby_owner;

create function practice_here() returns int language sql stable return nullif(current_setting('thornby.practice', true), '')::int;

-- the public register: who can be referred to
create table field (code text primary key, title text not null);
create table register (practice int primary key, town text not null, field text not null references field);

create table practice_file (practice int primary key references register, bank text not null, remark text);
create table patient (practice int not null references register, no int not null, full_name text not null, born_on date, primary key (practice, no));
create table finding (practice int not null, patient_no int not null, no int not null, body text not null, primary key (practice, patient_no, no),
  foreign key (practice, patient_no) references patient (practice, no) on delete cascade);
create table referral (
  practice int not null,
  no int not null,
  patient_no int not null,
  to_practice int not null references register,
  question text not null,
  sent_at timestamptz,
  withdrawn_at timestamptz,
  primary key (practice, no),
  check (to_practice <> practice),
  foreign key (practice, patient_no) references patient (practice, no) on delete cascade);
-- what goes along with the referral is named one by one
create table referral_finding (practice int not null, referral_no int not null, patient_no int not null, finding_no int not null, caption text not null, primary key (practice, referral_no, patient_no, finding_no),
  foreign key (practice, referral_no) references referral (practice, no) on delete cascade,
  foreign key (practice, patient_no, finding_no) references finding (practice, patient_no, no) on delete cascade);
create table answer (practice int not null references register, from_practice int not null, referral_no int not null, body text not null, primary key (practice, from_practice, referral_no));

insert into field values ('gp', 'General practice'), ('card', 'Cardiology');
insert into register values (1, 'Celle', 'gp'), (2, 'Uelzen', 'card'), (3, 'Gifhorn', 'card'), (4, 'Peine', 'gp');
insert into practice_file select practice, 'IBAN ' || practice, case when practice = 1 then 'pays late' else 'pays in time, bravo' end from register;
insert into patient select practice, n, 'Patient ' || n || ' at ' || town || case when practice <> 1 then ' bravo' else '' end, '1960-01-01' from register, generate_series(1, 3) n;
insert into finding select practice, no, 1, 'ECG of ' || full_name from patient;
insert into referral select practice, no, no, case practice when 1 then 2 when 2 then 3 when 3 then 4 else 3 end, 'arrhythmia? ' || full_name, case when no < 3 then timestamptz '2026-01-08 08:00+00' end from patient;
insert into referral_finding select practice, no, patient_no, 1, 'see ECG, ' || question from referral where no = 1;
insert into answer select to_practice, practice, no, 'sinus rhythm, bravo: ' || no from referral where practice > 1 and no = 1;

alter table practice_file enable row level security, force row level security;
create policy own on practice_file using (practice = practice_here());
alter table patient enable row level security, force row level security;
create policy own on patient using (practice = practice_here());
alter table finding enable row level security, force row level security;
create policy own on finding using (practice = practice_here());
create policy sent_along on finding for select using (exists (
  select from referral_finding f join referral r on (r.practice, r.no) = (f.practice, f.referral_no)
  where (f.practice, f.patient_no, f.finding_no) = (finding.practice, finding.patient_no, finding.no)
    and r.patient_no = f.patient_no and r.to_practice = practice_here() and r.sent_at is not null and r.withdrawn_at is null));
alter table referral enable row level security, force row level security;
create policy own on referral using (practice = practice_here());
create policy received on referral for select using (to_practice = practice_here() and sent_at is not null and withdrawn_at is null);
alter table referral_finding enable row level security, force row level security;
create policy own on referral_finding using (practice = practice_here());
create policy received on referral_finding for select using (exists (
  select from referral r where (r.practice, r.no) = (referral_finding.practice, referral_finding.referral_no)
    and r.to_practice = practice_here() and r.sent_at is not null and r.withdrawn_at is null));
alter table answer enable row level security, force row level security;
create policy own on answer using (practice = practice_here());
create policy asked on answer for select using (from_practice = practice_here());
-- only who was asked may answer
create policy only_asked on answer as restrictive for insert with check (exists (
  select from referral r where (r.practice, r.no) = (answer.from_practice, answer.referral_no) and r.to_practice = practice_here()));

create view tray with (security_invoker = true) as
  select practice as from_practice, no, question, sent_at from referral where to_practice = practice_here();

grant select on all tables in schema public to thornby_desk;
grant insert, update, delete on practice_file, patient, finding, referral_finding to thornby_desk;
grant insert, delete, update (question, sent_at, withdrawn_at) on referral to thornby_desk;
grant insert (practice, from_practice, referral_no, body), update (body), delete on answer to thornby_desk;
reset role;
