create role smile_owner nologin;
create role smile_app login;
alter schema public owner to smile_owner;
set role smile_owner;

create table procedure_code (code text primary key, label text not null, minutes int not null);
create table clinic (clinic_id int primary key, title text not null);
create table patient (clinic_id int not null references clinic, no int not null, full_name text not null, phone text,
  primary key (clinic_id, no));
create table chair (clinic_id int not null, no int not null, room text, primary key (clinic_id, no));
create table visit (clinic_id int not null, no int not null, patient_no int not null, chair_no int, on_day date not null,
  primary key (clinic_id, no),
  foreign key (clinic_id, patient_no) references patient, foreign key (clinic_id, chair_no) references chair);
create table treatment (clinic_id int not null, visit_no int not null, line int not null, code text references procedure_code,
  tooth text check (tooth ~ '^[1-4][1-8]$'), remark text,
  primary key (clinic_id, visit_no, line), foreign key (clinic_id, visit_no) references visit);
create table invoice (clinic_id int not null, no int not null, patient_no int not null, amount numeric(10,2) not null, remark text,
  primary key (clinic_id, no), foreign key (clinic_id, patient_no) references patient);
create table xray (clinic_id int not null, no int not null, patient_no int not null, taken_at timestamptz not null default now(),
  finding text, primary key (clinic_id, no), foreign key (clinic_id, patient_no) references patient);

insert into procedure_code values ('D0120', 'periodic examination', 15), ('D2391', 'resin filling', 40);
insert into clinic values (1, 'Adyar'), (2, 'Porur bravo');
insert into patient values (1, 1, 'Kavya Iyer', '98400-1'), (1, 2, 'Suresh Pillai', '98400-2'), (2, 1, 'Ravi bravo', '97900-1'), (2, 2, 'Leela bravo', '97900-2');
insert into chair values (1, 1, 'east'), (2, 1, 'bravo room');
insert into visit values (1, 1, 1, 1, '2026-03-02'), (2, 1, 1, 1, '2026-03-02');
insert into treatment values (1, 1, 1, 'D2391', '26', 'composite'), (2, 1, 1, 'D0120', '11', 'bravo remark');
insert into invoice values (1, 1, 1, 1800, 'paid'), (2, 1, 1, 500, 'bravo open');
insert into xray values (1, 1, 1, '2026-03-02 10:00Z', 'caries 26'), (2, 1, 1, '2026-03-02 11:00Z', 'bravo: impacted 38');

do $$
declare t text;
begin
  foreach t in array array['clinic', 'patient', 'chair', 'visit', 'treatment', 'invoice'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format($p$create policy own_clinic on %I using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int))$p$, t);
  end loop;
end $$;
grant select on all tables in schema public to smile_app;
grant insert, update, delete on patient, visit, treatment, invoice, xray to smile_app;
reset role;
