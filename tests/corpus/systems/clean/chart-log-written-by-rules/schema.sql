create role oncolog_owner nologin;
create role oncolog_app login;
alter schema public owner to oncolog_owner;
set role oncolog_owner;

create table regimen (code text primary key, title text not null);
create table ctcae_term (code text primary key, title text not null);
create table centre (id text primary key, name text not null);
create table member_of (centre text not null references centre, user_id text not null, function text not null, primary key (centre, user_id));
create table patient (centre text not null references centre, no int not null, full_name text not null, primary key (centre, no));
create table tumour_board (centre text not null references centre, held_on date not null, chair text not null, primary key (centre, held_on));
create table board_case (centre text not null, held_on date not null, patient_no int not null, decision text not null, primary key (centre, held_on, patient_no),
  foreign key (centre, held_on) references tumour_board (centre, held_on) on delete cascade,
  foreign key (centre, patient_no) references patient (centre, no));
create table chart (centre text not null, patient_no int not null, state text not null default 'open', text text not null, primary key (centre, patient_no),
  foreign key (centre, patient_no) references patient (centre, no));
create table chart_log (centre text not null, patient_no int not null, at timestamptz not null default clock_timestamp(), who text not null, what text not null, before text);
create table regimen_course (centre text not null, patient_no int not null, course int not null, regimen text not null references regimen, remark text not null, primary key (centre, patient_no, course),
  foreign key (centre, patient_no) references patient (centre, no));
create table toxicity (centre text not null, patient_no int not null, course int not null, term text not null references ctcae_term, grade int not null, remark text not null, primary key (centre, patient_no, course, term),
  foreign key (centre, patient_no, course) references regimen_course (centre, patient_no, course) on delete cascade);

create function my_centres() returns setof text language sql stable security definer set search_path = pg_catalog, pg_temp
as $$ select m.centre from public.member_of m where m.user_id = nullif(current_setting('onco.user', true), '') $$;

insert into regimen values ('FOLFOX', 'FOLFOX 6'), ('R-CHOP', 'R-CHOP 21');
insert into ctcae_term values ('NEU', 'Neutropenia'), ('NAU', 'Nausea');
insert into centre values ('onk-a', 'Onkologie am See'), ('onk-b', 'Onkologie bravo'), ('onk-c', 'Krebszentrum bravo');
insert into member_of values ('onk-a', 'anna', 'doctor'), ('onk-b', 'boris', 'doctor bravo'), ('onk-c', 'clara', 'nurse bravo');
insert into patient select id, n, 'Patient ' || n || ' of ' || name from centre, generate_series(1, 2) n;
insert into tumour_board select id, '2026-01-15', 'Chair of ' || name from centre;
insert into board_case select centre, '2026-01-15', no, 'operate, ' || full_name from patient;
insert into chart select centre, no, 'open', 'relapse, ' || full_name from patient;
insert into chart_log (centre, patient_no, who, what, before) select centre, patient_no, 'import', 'created ' || text, 'nothing, ' || text from chart;
insert into regimen_course select centre, no, 1, 'FOLFOX', 'reduced, ' || full_name from patient;
insert into toxicity select centre, patient_no, 1, 'NEU', 3, 'fever, ' || remark from regimen_course;

do $$
declare t text;
begin
  foreach t in array array['member_of', 'patient', 'tumour_board', 'board_case', 'chart', 'chart_log', 'regimen_course', 'toxicity'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy centre on %I using (centre in (select my_centres()))', t);
  end loop;
end $$;
alter table centre enable row level security;
create policy own on centre for select using (id in (select my_centres()));

create rule log_change as on update to chart do also
  insert into chart_log (centre, patient_no, who, what, before)
  values (old.centre, old.patient_no, current_setting('onco.user', true), 'changed', old.text);
create rule log_removal as on delete to chart do also
  insert into chart_log (centre, patient_no, who, what, before)
  values (old.centre, old.patient_no, current_setting('onco.user', true), 'removed', old.text);

create view open_chart with (security_invoker = true) as select centre, patient_no, text from chart where state = 'open';
create rule close_chart as on delete to open_chart do instead
  update chart set state = 'closed' where centre = old.centre and patient_no = old.patient_no;

grant select on all tables in schema public to oncolog_app;
grant insert, update, delete on patient, tumour_board, board_case, chart, regimen_course, toxicity to oncolog_app;
grant delete on open_chart to oncolog_app;
reset role;
