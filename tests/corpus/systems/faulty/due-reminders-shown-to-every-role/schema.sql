create role drse_owner nologin;
create role drse_reminder_job nologin;
create role drse_hasura login;
alter schema public owner to drse_owner;
revoke create on schema public from public;
set role drse_owner;

create table holiday (day date primary key, title text not null);
create table channel (code text primary key, title text not null);
create table branch (id int primary key, name text not null, city text);
create table staff (branch_id int not null references branch, no int not null, name text not null, primary key (branch_id, no));
create table patient (branch_id int not null references branch, no int not null, name text not null, phone text, primary key (branch_id, no));
create table reminder_template (branch_id int not null references branch, code text not null, channel text not null references channel, body text not null, primary key (branch_id, code));
create table appointment (branch_id int not null, no int not null, patient_no int not null, staff_no int, during tstzrange not null, reason text, primary key (branch_id, no),
  foreign key (branch_id, patient_no) references patient, foreign key (branch_id, staff_no) references staff);
create table reminder (branch_id int not null, appointment_no int not null, template text not null, due_at timestamptz not null, state text not null default 'waiting' check (state in ('waiting', 'due', 'sent', 'failed')), text_sent text not null,
  primary key (branch_id, appointment_no, template), foreign key (branch_id, appointment_no) references appointment on delete cascade, foreign key (branch_id, template) references reminder_template);
create table device_token (branch_id int not null, patient_no int not null, token text not null, platform text not null, primary key (branch_id, patient_no, token), foreign key (branch_id, patient_no) references patient);
create table calendar_feed (branch_id int not null, staff_no int not null, secret text not null, primary key (branch_id, staff_no), foreign key (branch_id, staff_no) references staff);
create table opt_out (branch_id int not null, patient_no int not null, channel text not null references channel, reason text, primary key (branch_id, patient_no, channel), foreign key (branch_id, patient_no) references patient);

insert into holiday values ('2026-05-01', 'Labour Day');
insert into channel values ('sms', 'Text message'), ('push', 'App');
insert into branch values (3, 'Eye practice Dom'), (4, 'Eye practice Eck bravo'), (5, 'Eye practice Forum bravo');
insert into staff select id, 1, 'Dr ' || name from branch;
insert into patient select id, n, 'Patient ' || n || ' of ' || name, '0151 00' || n from branch, generate_series(1, 3) n;
insert into reminder_template select id, 'day-before', 'sms', 'See you tomorrow. ' || name from branch;
insert into appointment select branch_id, no, no, 1, tstzrange('2026-03-02 08:00+01', '2026-03-02 08:20+01'), 'Cataract, ' || name from patient;
insert into reminder select a.branch_id, a.no, 'day-before', lower(a.during) - interval '1 day', (array['waiting', 'due', 'sent'])[a.no], 'Tomorrow at eight: ' || a.reason from appointment a;
insert into device_token select branch_id, no, 'fcm-' || md5(name) || ' ' || name, 'android' from patient;
insert into calendar_feed select branch_id, no, md5(name) || ' ' || name from staff;
insert into opt_out select branch_id, no, 'push', 'By letter: ' || name from patient where no = 3;

-- Hasura hands its session variables on as one setting; arrays come as '{3,7}'
create function session_variable(name text) returns text language sql stable return
  nullif(current_setting('hasura.user', true), '')::json ->> name;
create function my_branches() returns int[] language sql stable return coalesce(session_variable('x-hasura-branch-ids')::int[], '{}');

do $$
declare t text;
begin
  foreach t in array array['staff', 'patient', 'reminder_template', 'appointment', 'reminder', 'device_token', 'calendar_feed', 'opt_out'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy in_my_branches on %I to drse_hasura using (branch_id = any (my_branches())) with check (branch_id = any (my_branches()))', t);
  end loop;
end $$;
alter table branch enable row level security, force row level security;
create policy mine on branch for select to drse_hasura using (id = any (my_branches()));

-- the job that sends them sees what is due, and whom to send it to
create policy job_reads_devices on device_token for select to drse_reminder_job using (true);
create policy job_reads_phones on patient for select to drse_reminder_job using (true);
create policy job_reads_objections on opt_out for select to drse_reminder_job using (true);
create policy job_reads_due on reminder for select using (state = 'due');
create policy job_marks_sent on reminder for update to drse_reminder_job using (state = 'due') with check (state in ('sent', 'failed'));

create view due_today with (security_invoker = true) as
  select r.branch_id, r.appointment_no, p.name, p.phone, r.text_sent from reminder r
  join appointment a on a.branch_id = r.branch_id and a.no = r.appointment_no join patient p on p.branch_id = a.branch_id and p.no = a.patient_no
  where r.state = 'due' and not exists (select from opt_out o where o.branch_id = p.branch_id and o.patient_no = p.no);

grant select on reminder, device_token, patient, opt_out to drse_reminder_job;
grant update (state) on reminder to drse_reminder_job;
grant select on holiday, channel, branch, due_today to drse_hasura;
grant select, insert, update, delete on staff, patient, reminder_template, appointment, reminder, device_token, calendar_feed, opt_out to drse_hasura;
reset role;
