create role zumbra_owner nologin;
create role zumbra_merger nologin bypassrls;
create role zumbra_app login;
alter schema public owner to zumbra_owner;
grant zumbra_merger to zumbra_owner;
grant usage, create on schema public to zumbra_merger;
set role zumbra_owner;

create function practice_now() returns int language sql stable return nullif(current_setting('zumbra.practice', true), '')::int;

create table specialty (code text primary key, title text not null);
create table document_kind (code text primary key, title text not null);
create table practice (id int primary key, name text not null, specialty text not null references specialty);
create table doctor (practice_id int not null references practice, initials text not null, full_name text not null, primary key (practice_id, initials));
-- numbers are drawn for all practices from one row of numbers
create table patient (practice_id int not null references practice, no bigint not null, full_name text not null, born_on date, merged_into bigint, primary key (practice_id, no));
create table document (practice_id int not null, no bigint not null, patient_no bigint not null, kind text not null references document_kind, title text not null, body text not null,
  primary key (practice_id, no), foreign key (practice_id, patient_no) references patient (practice_id, no));
create table allergy (practice_id int not null, patient_no bigint not null, substance text not null, primary key (practice_id, patient_no, substance),
  foreign key (practice_id, patient_no) references patient (practice_id, no));
create table appointment (practice_id int not null, patient_no bigint not null, starts_at timestamptz not null, reason text, primary key (practice_id, patient_no, starts_at),
  foreign key (practice_id, patient_no) references patient (practice_id, no));
create table merge_order (practice_id int not null references practice, keep_no bigint not null, drop_no bigint not null, ordered_by text not null, at timestamptz not null default clock_timestamp(),
  check (keep_no <> drop_no), primary key (practice_id, keep_no, drop_no),
  foreign key (practice_id, keep_no) references patient (practice_id, no));

insert into specialty values ('gp', 'General practice'), ('derm', 'Dermatology');
insert into document_kind values ('letter', 'Letter'), ('scan', 'Scan');
insert into practice values (1, 'Am Tor', 'gp'), (2, 'Hautnah bravo', 'derm'), (3, 'Seeblick bravo', 'gp');
insert into doctor select id, 'dr', 'Dr. of ' || name from practice;
insert into patient select id, id * 1000 + n, 'Patient ' || n || ' of ' || name, '1970-01-01' from practice, generate_series(1, 3) n;
insert into document select practice_id, no * 10, no, 'letter', 'Letter on ' || full_name, 'Dear colleague, ' || full_name from patient;
insert into allergy select practice_id, no, 'nuts, says ' || full_name from patient;
insert into appointment select practice_id, no, '2026-04-01 08:00+00', 'check of ' || full_name from patient;
insert into merge_order select 1, 1001, 1003, 'dr';
insert into merge_order select id, id * 1000 + 1, id * 1000 + 3, 'dr at ' || name from practice where id > 1;

do $$
declare t text;
begin
  foreach t in array array['doctor', 'patient', 'document', 'allergy', 'appointment', 'merge_order'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy at_home on %I using (practice_id = practice_now())', t);
  end loop;
end $$;
alter table practice enable row level security, force row level security;
create policy at_home on practice for select using (id = practice_now());

grant select, update on patient, document to zumbra_merger;

-- runs with rights of its own: the one who orders need not be allowed to rewrite documents
create function carry_out_merge() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update document set practice_id = new.practice_id, patient_no = new.keep_no where patient_no = new.drop_no;
  update patient set merged_into = new.keep_no where practice_id = new.practice_id and no = new.drop_no;
  return new;
end $$;
alter function carry_out_merge() owner to zumbra_merger;
revoke execute on function carry_out_merge() from public;
create trigger carried_out after insert on merge_order for each row execute function carry_out_merge();

grant select on all tables in schema public to zumbra_app;
grant insert, update, delete on doctor, patient, allergy, appointment to zumbra_app;
grant insert (practice_id, no, patient_no, kind, title, body), update (title), delete on document to zumbra_app;
grant insert (practice_id, keep_no, drop_no, ordered_by) on merge_order to zumbra_app;
reset role;
revoke create on schema public from zumbra_merger;
