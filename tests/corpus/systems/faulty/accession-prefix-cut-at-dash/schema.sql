create role labcode_owner nologin;
create role labcode_app login;
alter schema public owner to labcode_owner;
set role labcode_owner;

create table analyte (loinc text primary key, title text not null, unit text);
create table material (code text primary key, title text not null);
create table laboratory (code text primary key, name text not null);
create table technician (lab_code text not null references laboratory, initials text not null, full_name text not null, primary key (lab_code, initials));
create table sender (lab_code text not null references laboratory, no int not null, practice text not null, fax text, primary key (lab_code, no));

-- AKL-2026-00017 is the seventeenth tube of AKL in 2026
create function lab_of(reference text) returns text language sql immutable strict return upper(split_part(reference, '-', 1));
create function current_lab() returns text language sql stable return nullif(current_setting('lab.code', true), '');

create table specimen (
  lab_code text not null references laboratory,
  accession text not null check (starts_with(accession, lab_code || '-')),
  lab text generated always as (lab_of(accession)) stored,
  patient text not null,
  material text not null references material,
  sender_no int not null,
  drawn_at timestamptz not null default now(),
  primary key (lab_code, accession),
  foreign key (lab_code, sender_no) references sender (lab_code, no)
);
create index on specimen (lab, drawn_at);
create table analysis (lab_code text not null, accession text not null, loinc text not null references analyte, remark text, primary key (lab_code, accession, loinc),
  foreign key (lab_code, accession) references specimen (lab_code, accession) on delete cascade);
create table result (lab_code text not null, accession text not null, loinc text not null, value text not null, signed_by text, primary key (lab_code, accession, loinc),
  foreign key (lab_code, accession, loinc) references analysis (lab_code, accession, loinc) on delete cascade);
create table report_letter (lab_code text not null, accession text not null, body text not null, primary key (lab_code, accession),
  foreign key (lab_code, accession) references specimen (lab_code, accession) on delete cascade);
create table qc_run (lab_code text not null references laboratory, day date not null, device text not null, passed boolean not null, primary key (lab_code, day, device));

insert into analyte values ('2345-7', 'Glucose', 'mg/dl'), ('2160-0', 'Creatinine', 'mg/dl');
insert into material values ('S', 'Serum'), ('E', 'EDTA blood');
insert into laboratory values ('AKL', 'Altmark'), ('AKL-S', 'Altmark Süd GmbH bravo'), ('BRM', 'Bremen bravo');
insert into technician select code, 'XY', 'MTA of ' || name from laboratory;
insert into sender select code, 1, 'Practice near ' || name, '0421 ' || name from laboratory;
insert into specimen (lab_code, accession, patient, material, sender_no)
  select code, code || '-2026-0000' || n, 'Patient ' || n || ' of ' || name, 'S', 1 from laboratory, generate_series(1, 3) n;
insert into analysis select lab_code, accession, '2345-7', 'fasting, ' || patient from specimen;
insert into result select lab_code, accession, loinc, '104 ' || remark, 'XY ' || remark from analysis;
insert into report_letter select lab_code, accession, 'Dear colleague, ' || patient from specimen;
insert into qc_run select code, '2026-01-02', 'Cobas of ' || name, true from laboratory;

do $$
declare t text;
begin
  foreach t in array array['technician', 'sender', 'analysis', 'result', 'report_letter', 'qc_run'] loop
    execute format('alter table %I enable row level security, force row level security', t);
    execute format('create policy lab on %I using (lab_code = current_lab())', t);
  end loop;
end $$;
alter table laboratory enable row level security, force row level security;
create policy own on laboratory for select using (code = current_lab());
-- the index on (lab, drawn_at) serves the work list
alter table specimen enable row level security, force row level security;
create policy lab_reads on specimen for select using (lab = lab_of(current_lab()));
create policy lab_adds on specimen for insert with check (lab_code = current_lab());
create policy lab_changes on specimen for update using (lab_code = current_lab());
create policy lab_removes on specimen for delete using (lab_code = current_lab());

grant select on all tables in schema public to labcode_app;
grant insert, update, delete on technician, sender, analysis, result, report_letter, qc_run, specimen to labcode_app;
reset role;
