create role risnap_owner nologin;
create role risnap_job nologin;
create role risnap_web login;
alter schema public owner to risnap_owner;
set role risnap_owner;

create table modality (code text primary key, title text not null);
create table body_part (code text primary key, title text not null);
create table site (id uuid primary key, name text not null);
create table reader (site uuid not null references site, no int not null, name text not null, primary key (site, no));
create table patient (site uuid not null references site, no int not null, name text not null, allergy text, primary key (site, no));
create table study (
  site uuid not null, accession text not null, patient_no int not null, modality text not null references modality, part text not null references body_part,
  question text not null, state text not null default 'ordered', ordered_at timestamptz not null, primary key (site, accession),
  foreign key (site, patient_no) references patient (site, no)
);
create table series (site uuid not null, accession text not null, no int not null, description text not null, images int not null, primary key (site, accession, no),
  foreign key (site, accession) references study (site, accession) on delete cascade);
create table report (site uuid not null, accession text not null, version int not null, reader_no int not null, body text not null, primary key (site, accession, version),
  foreign key (site, accession) references study (site, accession) on delete cascade, foreign key (site, reader_no) references reader (site, no));
create table dose_record (site uuid not null, accession text not null, milligray numeric not null, remark text not null, primary key (site, accession),
  foreign key (site, accession) references study (site, accession) on delete cascade);

create function my_site() returns uuid language sql stable return nullif(current_setting('ris.site', true), '')::uuid;

insert into modality values ('CT', 'Computed tomography'), ('MR', 'Magnetic resonance'), ('US', 'Ultrasound');
insert into body_part values ('HEAD', 'Head'), ('KNEE', 'Knee');
insert into site values
  ('7c9a0000-2222-4222-8222-00000000000a', 'Scan Altstadt'),
  ('7c9a0000-2222-4222-8222-00000000000b', 'Scan Bergedorf bravo'),
  ('7c9a0000-2222-4222-8222-00000000000c', 'Scan City bravo');
insert into reader select id, 1, 'Dr. Röder of ' || name from site;
insert into patient select id, n, 'Patient ' || n || ' of ' || name, 'iodine, says ' || name from site, generate_series(1, 3) n;
insert into study (site, accession, patient_no, modality, part, question, ordered_at)
  select site, 'R' || no, no, 'CT', 'HEAD', 'bleeding? ' || name, timestamptz '2026-03-01 06:00+00' + no * interval '1 hour' from patient;
insert into series select site, accession, 1, 'native, ' || question, 320 from study;
insert into report select site, accession, 1, 1, 'no bleeding; ' || question from study where patient_no = 1;
insert into dose_record select site, accession, 41.5, 'head protocol, ' || question from study;

alter table site enable row level security;
create policy own on site for select using (id = my_site());
do $$
declare t text;
begin
  foreach t in array array['reader', 'patient', 'study', 'series', 'report', 'dose_record'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy of_site on %I using (site = my_site()) with check (site = my_site())', t);
  end loop;
end $$;

-- all sites in one snapshot, which nobody but the owner reads
create materialized view worklist_snapshot as
  select s.site, s.accession, s.ordered_at, p.name, p.allergy, m.title as modality, s.question, coalesce(max(r.version), 0) as versions
  from study s join patient p on p.site = s.site and p.no = s.patient_no join modality m on m.code = s.modality
  left join report r on r.site = s.site and r.accession = s.accession
  where s.state <> 'done'
  group by s.site, s.accession, s.ordered_at, p.name, p.allergy, m.title, s.question;
create unique index on worklist_snapshot (site, accession);

-- what the reading room sees of it
create view worklist with (security_barrier) as
  select site, accession, ordered_at, name, allergy, modality, question, versions from worklist_snapshot where site = my_site();

-- a whole-network figure per machine type would tell numbers; each site has its own
create view load_by_modality with (security_barrier) as
  select site, modality, count(*) as studies from worklist_snapshot where site = my_site() group by site, modality;

-- anyone may ask for a fresh one, nothing is handed back
create function refresh_worklist() returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  refresh materialized view worklist_snapshot;
end $$;

create function find_in_worklist(words text) returns table (accession text, name text, question text) language sql stable security definer set search_path = public, pg_temp as $$
  select w.accession, w.name, w.question from worklist_snapshot w
  where w.site = my_site() and (w.name ilike '%' || words || '%' or w.question ilike '%' || words || '%' or w.accession = words)
$$;

grant select on modality, body_part, site, reader, patient, study, series, report, dose_record, worklist, load_by_modality to risnap_web;
grant insert, update, delete on reader, patient, study, series, report, dose_record to risnap_web;
-- the statistics job
grant select on worklist_snapshot to risnap_job;
reset role;
