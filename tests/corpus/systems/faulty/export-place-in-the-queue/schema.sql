create role epq_owner nologin;
create role epq_web login;
create schema lims;
grant usage, create on schema lims to epq_owner;
grant usage on schema lims to epq_web;
set role epq_owner;
set search_path = lims;

create table report_kind (code text primary key, label text not null);
create table lab (id int primary key, name text not null);
create table account (lab_id int not null references lab, login text not null, full_name text, primary key (lab_id, login));
create table web_session (id uuid primary key, lab_id int not null, login text not null, agent text, foreign key (lab_id, login) references account);
create table sample (lab_id int not null references lab, no int not null, patient text not null, taken_on date, primary key (lab_id, no));
create table finding (lab_id int not null, sample_no int not null, analyte text not null, value text, primary key (lab_id, sample_no, analyte), foreign key (lab_id, sample_no) references sample);
create table export_job (
  lab_id int not null references lab, no int not null, kind text not null references report_kind, filter jsonb not null default '{}', title text,
  asked_at timestamptz not null default clock_timestamp(), state text not null default 'waiting', primary key (lab_id, no),
  check (state in ('waiting', 'running', 'ready', 'cancelled'))
);
create table export_file (lab_id int not null, job_no int not null, path text not null, primary key (lab_id, job_no), foreign key (lab_id, job_no) references export_job on delete cascade);

insert into report_kind values ('month', 'Month'), ('kv', 'Statement');
insert into lab values (301, 'Lab Aster'), (302, 'bravo Lab'), (303, 'Lab Campion bravo');
insert into account values (301, 'al', 'Al'), (302, 'bo', 'Bo bravo'), (303, 'cy', 'Cy bravo');
insert into web_session values
  ('5e550000-0000-4000-8000-00000000000a', 301, 'al', 'Firefox'), ('5e550000-0000-4000-8000-00000000000b', 302, 'bo', 'bravo browser'), ('5e550000-0000-4000-8000-00000000000c', 303, 'cy', 'bravo browser');
insert into sample values (301, 1, 'Ava', '2024-01-01'), (302, 1, 'Bix bravo', '2024-01-01'), (303, 1, 'Cob bravo', '2024-01-01');
insert into finding values (301, 1, 'na', '140'), (302, 1, 'k', 'bravo 7.0'), (303, 1, 'k', 'bravo 3.0');
insert into export_job (lab_id, no, kind, title, asked_at, state) values
  (301, 1, 'month', 'January', '2024-02-01Z', 'ready'), (302, 1, 'month', 'bravo January', '2024-02-01Z', 'waiting'),
  (302, 2, 'kv', 'bravo quarter', '2024-02-02Z', 'waiting'), (303, 1, 'kv', 'bravo quarter', '2024-02-03Z', 'waiting');
insert into export_file values (301, 1, 'aster/jan.csv'), (302, 1, 'bravo/jan.csv'), (303, 1, 'bravo/q.csv');

create function session_lab() returns int language sql stable security definer set search_path = pg_catalog, lims, pg_temp as $$
  select lab_id from web_session where id = nullif(current_setting('lims.session', true), '')::uuid
$$;
do $$
declare t text;
begin
  foreach t in array array['account', 'web_session', 'sample', 'finding', 'export_job', 'export_file'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy session_lab on %I using (lab_id = (select lims.session_lab()))', t);
  end loop;
end $$;
alter table lab enable row level security;
create policy session_lab on lab using (id = (select lims.session_lab()));

create function ask_export(p_kind text, p_title text, p_filter jsonb default '{}') returns int language sql as $$
  insert into lims.export_job (lab_id, no, kind, title, filter)
  select lims.session_lab(), coalesce(max(no), 0) + 1, p_kind, p_title, coalesce(p_filter, '{}') from lims.export_job
  returning no
$$;

-- "Your export is number 4": one worker serves all.
create function export_place(p_no int) returns bigint
language sql stable security definer set search_path = pg_catalog, lims, pg_temp as $$
  select (select count(*) from export_job e where e.state in ('waiting', 'running') and e.asked_at <= mine.asked_at)
    from export_job mine
   where mine.lab_id = session_lab() and mine.no = p_no and mine.state = 'waiting'
$$;

create function cancel_export(p_no int) returns void
language sql security definer set search_path = pg_catalog, lims, pg_temp as $$
  update export_job set state = 'cancelled' where lab_id = session_lab() and no = p_no and state = 'waiting'
$$;

revoke execute on all functions in schema lims from public;
grant execute on all functions in schema lims to epq_web;
grant select on report_kind, lab, account, export_file to epq_web;
grant select, insert, update, delete on sample, finding to epq_web;
grant select, insert (lab_id, no, kind, title, filter) on export_job to epq_web;
reset search_path;
reset role;
