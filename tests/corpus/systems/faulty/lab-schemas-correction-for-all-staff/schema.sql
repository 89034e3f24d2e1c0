create role lsc_owner nologin;
create role lsc_staff nologin;
create role lsc_alder login;
create role lsc_birch login;
create role lsc_cedar login;
grant lsc_staff to lsc_alder, lsc_birch, lsc_cedar;
create schema lab_catalog authorization lsc_owner;
create schema lab_alder authorization lsc_owner;
create schema lab_birch authorization lsc_owner;
create schema lab_cedar authorization lsc_owner;
set role lsc_owner;

create table lab_catalog.analyte (loinc text primary key, title text not null, unit text not null);
create table lab_catalog.tube (colour text primary key, additive text not null);
create type lab_catalog.urgency as enum ('routine', 'urgent', 'vital');
insert into lab_catalog.analyte values ('718-7', 'Haemoglobin', 'g/dl'), ('2951-2', 'Sodium', 'mmol/l');
insert into lab_catalog.tube values ('red', 'none'), ('violet', 'EDTA');
grant usage on schema lab_catalog to lsc_staff;
grant select on all tables in schema lab_catalog to lsc_staff;

-- 001: the schema of a laboratory
do $$
declare
  lab text;
  s text;
begin
  foreach lab in array array['alder', 'birch', 'cedar'] loop
    s := 'lab_' || lab;
    execute format('create table %I.sender (lab text not null default %L check (lab = %2$L), no int primary key, practice text not null)', s, lab);
    execute format('create table %I.patient (lab text not null default %L check (lab = %2$L), no int primary key, full_name text not null, born date)', s, lab);
    execute format('create table %I.sample (lab text not null default %L check (lab = %2$L), no int primary key, patient_no int not null references %1$I.patient, sender_no int not null references %1$I.sender, tube text not null references lab_catalog.tube, urgency lab_catalog.urgency not null default ''routine'', remark text)', s, lab);
    execute format('create table %I.result (lab text not null default %L check (lab = %2$L), sample_no int not null references %1$I.sample, loinc text not null references lab_catalog.analyte, value text not null, signed_by text, primary key (sample_no, loinc))', s, lab);
    execute format('create view %I.report as select s.no, p.full_name, a.title, r.value, a.unit from %1$I.result r join %1$I.sample s on s.no = r.sample_no join %1$I.patient p on p.no = s.patient_no join lab_catalog.analyte a using (loinc)', s);
    execute format('grant usage on schema %I to lsc_staff', s);
    execute format('grant select, insert, update, delete on %I.sender, %1$I.patient, %1$I.sample, %1$I.result to %I', s, 'lsc_' || lab);
    execute format('grant select on %I.report to %I', s, 'lsc_' || lab);
  end loop;
end $$;

-- 014: a value that was reported and then corrected keeps its first wording (ISO 15189, 7.4.1.8)
do $$
declare
  lab text;
  s text;
begin
  foreach lab in array array['alder', 'birch', 'cedar'] loop
    s := 'lab_' || lab;
    execute format('create table %I.correction (lab text not null default %L check (lab = %2$L), sample_no int not null, loinc text not null, no int not null, was text not null, reason text not null, primary key (sample_no, loinc, no))', s, lab);
    execute format('create function %I.keep_first_wording() returns trigger language plpgsql security definer set search_path = %1$I, pg_temp as %L', s,
      'begin
         insert into correction (sample_no, loinc, no, was, reason)
           select old.sample_no, old.loinc, count(*) + 1, old.value, ''changed by '' || session_user
             from correction c where c.sample_no = old.sample_no and c.loinc = old.loinc;
         return null;
       end');
    execute format('revoke execute on function %I.keep_first_wording() from public', s);
    execute format('create trigger keep_first_wording after update of value on %I.result for each row when (old.value is distinct from new.value) execute function %1$I.keep_first_wording()', s);
    execute format('grant select on %I.correction to lsc_staff', s);
  end loop;
end $$;

-- 015: the courier's round
do $$
declare
  lab text;
  s text;
begin
  foreach lab in array array['alder', 'birch', 'cedar'] loop
    s := 'lab_' || lab;
    execute format('create table %I.pickup (lab text not null default %L check (lab = %2$L), sender_no int not null references %1$I.sender, day date not null, driver text not null, primary key (sender_no, day))', s, lab);
    execute format('grant select, insert, update, delete on %I.pickup to %I', s, 'lsc_' || lab);
  end loop;
end $$;

do $$
declare
  lab text;
  word text;
begin
  foreach lab in array array['alder', 'birch', 'cedar'] loop
    word := case lab when 'alder' then 'Alder' else initcap(lab) || ' bravo' end;
    execute format('set local search_path = %I', 'lab_' || lab);
    insert into sender (no, practice) select n, 'Practice ' || n || ' of ' || word from generate_series(1, 2) n;
    insert into patient (no, full_name) select n, 'Patient ' || n || ' of ' || word from generate_series(1, 3) n;
    insert into sample (no, patient_no, sender_no, tube, remark) select no + 500, no, 1, 'violet', 'Fasting. ' || full_name from patient;
    insert into result (sample_no, loinc, value, signed_by) select no, '718-7', '13.1 ' || remark, 'MS ' || word from sample;
    insert into pickup (sender_no, day, driver) select no, '2026-04-02', 'Driver of ' || practice from sender;
    insert into correction (sample_no, loinc, no, was, reason) select sample_no, loinc, 1, '9.1 ' || value, 'tubes swapped, ' || word from result;
  end loop;
end $$;
reset role;
