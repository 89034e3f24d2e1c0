create role strahlwerk_owner nologin;
create role strahlwerk_app login;
alter schema public owner to strahlwerk_owner;
revoke create on schema public from public;
create schema stats authorization strahlwerk_owner;
set role strahlwerk_owner;

create table modality (code text primary key, title text not null);
create table body_part (code text primary key, title text not null);
create table org (id text primary key, name text not null);
-- branch numbers are the chamber's: each exists once
create table branch (org_id text not null references org, no int not null unique, name text not null, primary key (org_id, no));
create table device (
  org_id text not null, branch_no int not null, no int not null, modality text not null references modality, label text not null, primary key (branch_no, no),
  foreign key (org_id, branch_no) references branch (org_id, no));
create table patient (
  org_id text not null, branch_no int not null, no int not null, name text not null, implants text, primary key (branch_no, no),
  foreign key (org_id, branch_no) references branch (org_id, no));
create table study (
  org_id text not null, branch_no int not null, no int not null, taken_on date not null, patient_no int not null, device_no int not null, part text not null references body_part, question text not null,
  primary key (branch_no, no, taken_on), foreign key (org_id, branch_no) references branch (org_id, no),
  foreign key (branch_no, patient_no) references patient (branch_no, no), foreign key (branch_no, device_no) references device (branch_no, no)
) partition by range (taken_on);
create table study_2025 partition of study for values from ('2025-01-01') to ('2026-01-01');
create table study_2026 partition of study for values from ('2026-01-01') to ('2027-01-01');
create table study_rest partition of study default;
create table report (
  org_id text not null, branch_no int not null, study_no int not null, taken_on date not null, body text not null, signed_by text, primary key (branch_no, study_no, taken_on),
  foreign key (org_id, branch_no) references branch (org_id, no),
  foreign key (branch_no, study_no, taken_on) references study (branch_no, no, taken_on) on delete cascade);
create table dose (
  org_id text not null, branch_no int not null, study_no int not null, taken_on date not null, device_no int not null, dap numeric not null, remark text not null,
  primary key (branch_no, study_no, taken_on), foreign key (org_id, branch_no) references branch (org_id, no),
  foreign key (branch_no, study_no, taken_on) references study (branch_no, no, taken_on) on delete cascade);
create table search_doc (
  org_id text not null, branch_no int not null, study_no int not null, taken_on date not null, snippet text not null, words tsvector not null, primary key (branch_no, study_no, taken_on));
create index on search_doc using gin (words);
create table read_log (org_id text not null, branch_no int not null, at timestamptz not null default clock_timestamp(), what text not null, foreign key (org_id, branch_no) references branch (org_id, no));

insert into modality values ('CT', 'Computed tomography'), ('DX', 'Radiography');
insert into body_part values ('CHEST', 'Chest'), ('KNEE', 'Knee');
insert into org values ('nord', 'Radiologie Nord'), ('sued', 'Radiologie Süd bravo'), ('ost', 'Röntgen Ost bravo');
insert into branch select id, n, 'Branch ' || n || ', ' || name from org join (values ('nord', 11), ('nord', 12), ('sued', 21), ('ost', 31), ('ost', 32)) b (org, n) on b.org = id;
insert into device select org_id, no, 1, 'CT', 'Aquilion, ' || name from branch;
insert into patient select org_id, b.no, n, 'Patient ' || n || ' of ' || name, 'pacemaker, ' || name from branch b, generate_series(1, 2) n;
insert into study select org_id, branch_no, no, case no when 1 then date '2025-11-03' else date '2026-02-10' end, no, 1, 'CHEST', 'Embolism? ' || name from patient;

create function index_report() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op in ('UPDATE', 'DELETE') then
    delete from search_doc where branch_no = old.branch_no and study_no = old.study_no and taken_on = old.taken_on;
  end if;
  if tg_op in ('INSERT', 'UPDATE') then
    insert into search_doc select s.org_id, s.branch_no, s.no, s.taken_on, left(s.question || ' / ' || new.body, 200), to_tsvector('simple', s.question || ' ' || new.body)
      from study s where s.branch_no = new.branch_no and s.no = new.study_no and s.taken_on = new.taken_on;
  end if;
  return null;
end $$;
create trigger index_report after insert or update or delete on report for each row execute function index_report();

insert into report select org_id, branch_no, no, taken_on, 'No embolism. ' || question, 'Dr. Lux, ' || question from study;
insert into dose select org_id, branch_no, no, taken_on, device_no, 12.5 * no, 'abdomen shielded, ' || question from study;
insert into read_log (org_id, branch_no, what) select org_id, branch_no, 'read ' || question from study;

create function my_branches() returns int[] language sql stable as $$
  select coalesce(nullif(current_setting('strahl.branches', true), ''), '{}')::int[]
$$;

-- every night; nobody but the owner may read it as it is
create materialized view stats.dose_by_device as
  select d.org_id, d.branch_no, v.label, date_trunc('month', d.taken_on)::date as month, count(*) as studies, sum(d.dap) as dap
    from dose d join device v on v.branch_no = d.branch_no and v.no = d.device_no group by 1, 2, 3, 4;
create view stats.dose with (security_barrier) as
  select branch_no, label, month, studies, dap from stats.dose_by_device where branch_no = any (my_branches());

-- the branch decides; the organisation of a row follows from it by the foreign key
do $$
declare t text;
begin
  foreach t in array array['device', 'patient', 'study', 'report', 'dose', 'search_doc', 'read_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy branches on %I using (branch_no = any (my_branches())) with check (branch_no = any (my_branches()))', t);
  end loop;
end $$;
alter table branch enable row level security;
create policy branches on branch for select using (no = any (my_branches()));
alter table org enable row level security;
create policy of_branch on org for select using (exists (select from branch b where b.org_id = org.id));

create view worklist with (security_invoker) as
  select s.branch_no, s.no, s.taken_on, p.name, s.question from study s join patient p on p.branch_no = s.branch_no and p.no = s.patient_no
   where not exists (select from report r where r.branch_no = s.branch_no and r.study_no = s.no and r.taken_on = s.taken_on);
-- the policies of search_doc hold for the caller
create function find_studies(q text) returns table (branch_no int, study_no int, snippet text)
language sql stable set search_path = public, pg_temp as $$
  select d.branch_no, d.study_no, d.snippet from search_doc d where d.words @@ websearch_to_tsquery('simple', q) order by ts_rank(d.words, websearch_to_tsquery('simple', q)) desc limit 50
$$;

grant select on modality, body_part, org, branch, device, patient, study, report, dose, search_doc, read_log, worklist to strahlwerk_app;
grant insert, update, delete on device, patient, study, report, dose to strahlwerk_app;
grant insert on read_log to strahlwerk_app;
grant usage on schema stats to strahlwerk_app;
grant select on stats.dose to strahlwerk_app;
reset role;
