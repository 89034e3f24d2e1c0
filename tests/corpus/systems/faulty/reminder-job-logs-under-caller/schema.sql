create role rjl_owner nologin;
create role rjl_web login;
create schema praxis;
grant usage, create on schema praxis to rjl_owner;
grant usage on schema praxis to rjl_web;
alter role rjl_web set search_path = praxis;
set role rjl_owner;
set search_path = praxis;

create table channel (code text primary key, label text not null);
create table practice (id bigint primary key, name text not null);
create table patient (practice_id bigint not null references practice, no bigint not null, name text not null, phone text, primary key (practice_id, no));
create table message_template (practice_id bigint not null references practice, code text not null, body text not null, primary key (practice_id, code));
create table appointment (
  practice_id bigint not null, no bigint not null, patient_no bigint not null, starts_at timestamptz not null, reason text,
  primary key (practice_id, no), foreign key (practice_id, patient_no) references patient
);
create table reminder (
  practice_id bigint not null, no bigint not null, appointment_no bigint not null, channel text not null references channel,
  body text not null, due_at timestamptz not null, state text not null default 'waiting',
  primary key (practice_id, no), foreign key (practice_id, appointment_no) references appointment
);
create table audit_log (
  practice_id bigint, at timestamptz not null default clock_timestamp(), who name not null default session_user,
  what text not null, row_image jsonb not null
);
create table job_run (job text not null, at timestamptz not null default clock_timestamp(), rows int not null);

insert into channel values ('sms', 'Text message'), ('mail', 'E-mail');
insert into practice values (4711, 'Praxis am Markt'), (4812, 'Praxis bravo'), (4913, 'bravo Kinderarzt');
insert into patient values
  (4711, 1, 'Anna', '0151 1'), (4812, 1, 'Bernd bravo', '0151 2'), (4812, 2, 'Bea bravo', '0151 3'), (4913, 1, 'Cora bravo', '0151 4');
insert into message_template values
  (4711, 'std', 'See you soon'), (4812, 'std', 'bravo: see you soon'), (4913, 'std', 'bravo: do not forget');
insert into appointment values
  (4711, 1, 1, '2031-01-02 09:00Z', 'flu'), (4812, 1, 1, '2031-01-02 09:00Z', 'bravo HIV test'),
  (4812, 2, 2, '2031-01-03 10:00Z', 'bravo check-up'), (4913, 1, 1, '2031-01-04 11:00Z', 'bravo measles');
insert into reminder values
  (4711, 1, 1, 'sms', 'Anna, tomorrow at 9', '2031-01-01 09:00Z', 'waiting'),
  (4812, 1, 1, 'sms', 'bravo: Bernd, your HIV test is tomorrow', '2020-01-01 09:00Z', 'waiting'),
  (4812, 2, 2, 'mail', 'bravo: Bea, come fasting', '2031-01-02 09:00Z', 'waiting'),
  (4913, 1, 1, 'sms', 'bravo: Cora, measles', '2031-01-03 09:00Z', 'waiting');
insert into audit_log (practice_id, who, what, row_image) values
  (4711, 'setup', 'insert patient', '{"name": "Anna"}'), (4812, 'setup', 'insert patient', '{"name": "Bernd bravo"}'),
  (4913, 'setup', 'insert patient', '{"name": "Cora bravo"}');

create function practice_id() returns bigint language sql stable as $$
  select nullif(current_setting('praxis.id', true), '')::bigint
$$;

do $$
declare t text;
begin
  foreach t in array array['patient', 'message_template', 'appointment', 'reminder', 'audit_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy own_practice on %I using (practice_id = (select praxis.practice_id()))', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy own_practice on practice using (id = (select praxis.practice_id()));

-- The log belongs to the database: nobody writes it by hand.
create function write_audit() returns trigger
language plpgsql security definer set search_path = pg_catalog, praxis, pg_temp as $$
begin
  insert into audit_log (practice_id, what, row_image)
  values (practice_id(), lower(tg_op) || ' ' || tg_table_name, case tg_op when 'DELETE' then to_jsonb(old) else to_jsonb(new) end);
  return null;
end $$;
create trigger audit after insert or update or delete on patient for each row execute function write_audit();
create trigger audit after insert or update or delete on appointment for each row execute function write_audit();
create trigger audit after insert or update or delete on reminder for each row execute function write_audit();

-- There is no cron on the hosted plan: whichever request comes first after the full minute hands the due reminders of the whole house to the gateway.
create function run_due_reminders() returns void
language plpgsql security definer set search_path = pg_catalog, praxis, pg_temp as $$
declare
  n int;
begin
  update reminder set state = 'handed over' where state = 'waiting' and due_at <= now();
  get diagnostics n = row_count;
  insert into job_run (job, rows) values ('run_due_reminders', n);
end $$;

create function plan_reminder(p_no bigint, p_appointment_no bigint, p_template text) returns void language sql as $$
  insert into reminder (practice_id, no, appointment_no, channel, body, due_at)
  select a.practice_id, p_no, a.no, 'sms', t.body, a.starts_at - interval '1 day'
    from appointment a join message_template t on t.practice_id = a.practice_id and t.code = p_template
   where a.no = p_appointment_no
$$;

revoke execute on all functions in schema praxis from public;
grant execute on function practice_id(), run_due_reminders(), plan_reminder(bigint, bigint, text) to rjl_web;
grant select on channel, practice, audit_log to rjl_web;
grant select, insert, update, delete on patient, message_template, appointment, reminder to rjl_web;
reset search_path;
reset role;
