create role lsgc_owner nologin;
create role lsgc_labs nologin;
create role lsgc_altona login;
create role lsgc_barmbek login;
create role lsgc_celle login;
grant lsgc_labs to lsgc_altona, lsgc_barmbek, lsgc_celle;
revoke create on schema public from public;
create schema catalog authorization lsgc_owner;
create schema lab_altona authorization lsgc_owner;
create schema lab_barmbek authorization lsgc_owner;
create schema lab_celle authorization lsgc_owner;
set role lsgc_owner;

create table catalog.analyte (loinc text primary key, title text not null, unit text);
create table catalog.tube (code text primary key, title text not null, cap_colour text);
create table catalog.reference_range (loinc text not null references catalog.analyte, sex text not null, low numeric, high numeric, primary key (loinc, sex));
create table catalog.migration (name text primary key, applied_at timestamptz not null default now());
insert into catalog.analyte values ('2345-7', 'Glucose', 'mg/dl'), ('718-7', 'Haemoglobin', 'g/dl');
insert into catalog.tube values ('S', 'Serum', 'brown'), ('E', 'EDTA blood', 'lilac');
insert into catalog.reference_range values ('2345-7', 'f', 60, 100), ('718-7', 'f', 12, 16);
insert into catalog.migration (name) values ('0001_schemas'), ('0002_results'), ('0003_director_reads_barmbek'), ('0004_qc_remarks');
grant usage on schema catalog to lsgc_labs;
grant select on all tables in schema catalog to lsgc_labs;

-- 0001, 0002: every laboratory has a schema and a login of its own
do $$
declare lab text;
begin
  foreach lab in array array['altona', 'barmbek', 'celle'] loop
    execute format($ddl$
      create table lab_%1$s.patient (lab text not null default %1$L check (lab = %1$L), no int primary key, name text not null, born date);
      create table lab_%1$s.sample (lab text not null default %1$L check (lab = %1$L), barcode text primary key, patient_no int not null references lab_%1$s.patient, tube text not null references catalog.tube, remark text);
      create table lab_%1$s.result (lab text not null default %1$L check (lab = %1$L), barcode text not null references lab_%1$s.sample, loinc text not null references catalog.analyte, value text not null, primary key (barcode, loinc));
      create table lab_%1$s.fax_log (lab text not null default %1$L check (lab = %1$L), at timestamptz primary key, recipient text not null, page text);
      create function lab_%1$s.schema_version() returns text language sql stable as $sql$ select max(name) from catalog.migration $sql$;
      create view lab_%1$s.open_samples as select s.lab, s.barcode, p.name, s.remark from lab_%1$s.sample s join lab_%1$s.patient p on p.no = s.patient_no
        where not exists (select from lab_%1$s.result r where r.barcode = s.barcode);
      grant usage on schema lab_%1$s to lsgc_labs, lsgc_%1$s;
      grant select, insert, update, delete on all tables in schema lab_%1$s to lsgc_%1$s;
    $ddl$, lab);
  end loop;
end $$;

-- 0003: the director of Barmbek also sits in Celle and wanted to read on from there; taken back a week later
grant select on all tables in schema lab_barmbek to lsgc_celle;
alter default privileges in schema lab_barmbek grant select on tables to lsgc_labs;
revoke select on all tables in schema lab_barmbek from lsgc_celle;

-- 0004
do $$
declare lab text;
begin
  foreach lab in array array['altona', 'barmbek', 'celle'] loop
    execute format($ddl$
      create table lab_%1$s.qc_remark (lab text not null default %1$L check (lab = %1$L), day date primary key, device text not null, body text not null, barcode text references lab_%1$s.sample);
      grant select, insert, update, delete on lab_%1$s.qc_remark to lsgc_%1$s;
    $ddl$, lab);
  end loop;
end $$;

do $$
declare lab text; word text;
begin
  foreach lab in array array['altona', 'barmbek', 'celle'] loop
    word := initcap(lab) || case lab when 'altona' then '' else ' bravo' end;
    execute format('insert into lab_%s.patient (no, name) values (1, %L), (2, %L)', lab, 'First of ' || word, 'Second of ' || word);
    execute format('insert into lab_%s.sample (barcode, patient_no, tube, remark) values (''10001'', 1, ''S'', %L), (''10002'', 2, ''E'', %2$L)', lab, 'haemolytic, ' || word);
    execute format('insert into lab_%s.result (barcode, loinc, value) values (''10001'', ''2345-7'', %L)', lab, '97 ' || word);
    execute format('insert into lab_%s.fax_log (at, recipient, page) values (''2026-01-07 10:00+01'', %L, %L)', lab, 'Practice near ' || word, 'Page of ' || word);
    execute format('insert into lab_%s.qc_remark (day, device, body, barcode) values (''2026-01-08'', ''Cobas'', %L, ''10001'')', lab, 'Patient sample repeated: First of ' || word);
  end loop;
end $$;
reset role;
alter role lsgc_altona set search_path = lab_altona, catalog;
alter role lsgc_barmbek set search_path = lab_barmbek, catalog;
alter role lsgc_celle set search_path = lab_celle, catalog;
