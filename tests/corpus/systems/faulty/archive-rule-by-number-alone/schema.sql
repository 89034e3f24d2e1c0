create role recallbook_owner nologin;
create role recallbook_app login;
alter schema public owner to recallbook_owner;
set role recallbook_owner;

create table treatment_code (code text primary key, title text not null, points int not null);
create table practice (id int primary key, name text not null);
create table patient (
  practice int not null references practice,
  no int not null,
  full_name text not null,
  phone text,
  archived boolean not null default false,
  archived_at timestamptz,
  primary key (practice, no)
);
create table treatment (practice int not null, patient_no int not null, done_on date not null, code text not null references treatment_code, remark text, primary key (practice, patient_no, done_on, code),
  foreign key (practice, patient_no) references patient (practice, no));
create table recall (practice int not null, patient_no int not null, due_on date not null, text text not null, cancelled boolean not null default false, primary key (practice, patient_no, due_on),
  foreign key (practice, patient_no) references patient (practice, no));
create table recall_letter (practice int not null, patient_no int not null, due_on date not null, body text not null, primary key (practice, patient_no, due_on),
  foreign key (practice, patient_no, due_on) references recall (practice, patient_no, due_on));

create function my_practice() returns int language sql stable return nullif(current_setting('recall.practice', true), '')::int;

insert into treatment_code values ('01', 'Examination', 18), ('13', 'Filling', 32);
insert into practice values (11, 'Dr. Zahn'), (12, 'Dr. Krone bravo'), (13, 'Dr. Brücke bravo');
insert into patient select id, n, 'Patient ' || n || ' of ' || name, '030 ' || name from practice, generate_series(1, 4) n;
insert into treatment select practice, no, '2025-10-01', '13', 'amalgam, ' || full_name from patient;
insert into recall select practice, no, '2026-04-01', 'Dear ' || full_name from patient;
insert into recall_letter select practice, patient_no, due_on, text || ', it is time' from recall;

do $$
declare t text;
begin
  foreach t in array array['patient', 'treatment', 'recall', 'recall_letter'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy practice on %I to recallbook_app using (practice = (select my_practice()))', t);
  end loop;
end $$;
alter table practice enable row level security;
create policy own on practice for select to recallbook_app using (id = (select my_practice()));

create view active_patient with (security_invoker = true, security_barrier = true) as
  select practice, no, full_name, phone from patient where not archived;
create view due_recall with (security_invoker = true) as
  select practice, patient_no, due_on, text from recall where not cancelled;

-- Ten years of records must stay: nothing is deleted.
create rule archive as on delete to active_patient do instead
  update patient set archived = true, archived_at = now() where no = old.no and not archived;
create rule cancel as on delete to due_recall do instead
  update recall set cancelled = true where practice = old.practice and patient_no = old.patient_no and due_on = old.due_on;

grant select on all tables in schema public to recallbook_app;
grant insert, update on patient, treatment, recall, recall_letter to recallbook_app;
grant delete on active_patient, due_recall to recallbook_app;
reset role;
