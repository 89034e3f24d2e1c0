create role tlun_owner nologin;
create role tlun_app login;
create schema record authorization tlun_owner;
create schema api authorization tlun_owner;
set role tlun_owner;
create table record.patient (hospital text not null, no int not null, name text, primary key (hospital, no));
insert into record.patient values ('HSP-A', 1, 'Kamala'), ('HSP-B', 1, 'Bela bravo');
create table record.visit (hospital text not null, no int not null, patient_no int not null, reason text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.visit values ('HSP-A', 1, 1, 'reason one', '2026-02-10 09:00+05:30'), ('HSP-B', 1, 1, 'reason two bravo', '2026-02-11 09:00+05:30');
create table record.vital (hospital text not null, no int not null, patient_no int not null, reading text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.vital values ('HSP-A', 1, 1, 'reading one', '2026-03-10 09:00+05:30'), ('HSP-B', 1, 1, 'reading two bravo', '2026-03-11 09:00+05:30');
create table record.drug_chart (hospital text not null, no int not null, patient_no int not null, drug text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.drug_chart values ('HSP-A', 1, 1, 'drug one', '2026-04-10 09:00+05:30'), ('HSP-B', 1, 1, 'drug two bravo', '2026-04-11 09:00+05:30');
create table record.nursing_note (hospital text not null, no int not null, patient_no int not null, text text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.nursing_note values ('HSP-A', 1, 1, 'text one', '2026-05-10 09:00+05:30'), ('HSP-B', 1, 1, 'text two bravo', '2026-05-11 09:00+05:30');
create table record.lab (hospital text not null, no int not null, patient_no int not null, finding text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.lab values ('HSP-A', 1, 1, 'finding one', '2026-06-10 09:00+05:30'), ('HSP-B', 1, 1, 'finding two bravo', '2026-06-11 09:00+05:30');
create table record.imaging (hospital text not null, no int not null, patient_no int not null, report text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.imaging values ('HSP-A', 1, 1, 'report one', '2026-07-10 09:00+05:30'), ('HSP-B', 1, 1, 'report two bravo', '2026-07-11 09:00+05:30');
create table record.procedure_note (hospital text not null, no int not null, patient_no int not null, text text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.procedure_note values ('HSP-A', 1, 1, 'text one', '2026-08-10 09:00+05:30'), ('HSP-B', 1, 1, 'text two bravo', '2026-08-11 09:00+05:30');
create table record.diet (hospital text not null, no int not null, patient_no int not null, plan text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.diet values ('HSP-A', 1, 1, 'plan one', '2026-01-10 09:00+05:30'), ('HSP-B', 1, 1, 'plan two bravo', '2026-01-11 09:00+05:30');
create table record.physio (hospital text not null, no int not null, patient_no int not null, exercise text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.physio values ('HSP-A', 1, 1, 'exercise one', '2026-02-10 09:00+05:30'), ('HSP-B', 1, 1, 'exercise two bravo', '2026-02-11 09:00+05:30');
create table record.consult (hospital text not null, no int not null, patient_no int not null, opinion text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.consult values ('HSP-A', 1, 1, 'opinion one', '2026-03-10 09:00+05:30'), ('HSP-B', 1, 1, 'opinion two bravo', '2026-03-11 09:00+05:30');
create table record.bill (hospital text not null, no int not null, patient_no int not null, payer text, at timestamptz, primary key (hospital, no), foreign key (hospital, patient_no) references record.patient);
insert into record.bill values ('HSP-A', 1, 1, 'payer one', '2026-04-10 09:00+05:30'), ('HSP-B', 1, 1, 'payer two bravo', '2026-04-11 09:00+05:30');
create function api.me() returns text language sql stable set search_path = pg_catalog, pg_temp as $$ select nullif(current_setting('tlun.hospital', true), '') $$;
create function api.timeline(patient_no int) returns table (at timestamptz, kind text, what text) language sql stable security definer set search_path = pg_catalog, pg_temp as $$
    select x.at, 'visit', x.reason from record.visit x where x.hospital = api.me() and x.patient_no = timeline.patient_no
    union all
    select x.at, 'drug_chart', x.drug from record.drug_chart x where x.hospital = api.me() and x.patient_no = timeline.patient_no
    union all
    select x.at, 'lab', x.finding from record.lab x where x.hospital = api.me() and x.patient_no = timeline.patient_no
    union all
    select x.at, 'imaging', x.report from record.imaging x where x.patient_no = timeline.patient_no
    union all
    select x.at, 'consult', x.opinion from record.consult x where x.hospital = api.me() and x.patient_no = timeline.patient_no
$$;
revoke execute on all functions in schema api from public;
grant usage on schema api to tlun_app;
grant execute on all functions in schema api to tlun_app;
reset role;
