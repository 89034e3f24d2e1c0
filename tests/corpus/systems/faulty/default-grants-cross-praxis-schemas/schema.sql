create role kgpraxis_owner nologin;
create role kgpraxis_staff nologin;
create role kgpraxis_alm login;
create role kgpraxis_bach login;
create role kgpraxis_cham login;
grant kgpraxis_staff to kgpraxis_alm, kgpraxis_bach, kgpraxis_cham;
create schema catalog authorization kgpraxis_owner;
create schema p_alm authorization kgpraxis_owner;
create schema p_bach authorization kgpraxis_owner;
create schema p_cham authorization kgpraxis_owner;
set role kgpraxis_owner;

create table catalog.remedy (code text primary key, title text not null, minutes int not null);
create table catalog.insurer (ik int primary key, name text not null);
create table catalog.exercise (code text primary key, title text not null, hint text);
grant usage on schema catalog to kgpraxis_staff;
grant select on all tables in schema catalog to kgpraxis_staff;

-- 0001: what every practice has. The warehouse unites the schemas, hence the column praxis.
do $$
declare
  p text;
  s text;
begin
  foreach p in array array['alm', 'bach', 'cham'] loop
    s := 'p_' || p;
    execute format('create table %I.therapist (praxis text not null default %L check (praxis = %2$L), short text primary key, full_name text not null)', s, p);
    execute format('create table %I.patient (praxis text not null default %L check (praxis = %2$L), no int primary key, full_name text not null, born date, insurer int references catalog.insurer)', s, p);
    execute format('create table %I.prescription (praxis text not null default %L check (praxis = %2$L), no int primary key, patient_no int not null references %1$I.patient, remedy text not null references catalog.remedy, units int not null, diagnosis text not null)', s, p);
    execute format('create table %I.appointment (praxis text not null default %L check (praxis = %2$L), prescription_no int not null references %1$I.prescription, starts timestamptz not null, therapist text not null references %1$I.therapist, note text, primary key (therapist, starts))', s, p);
    execute format('create table %I.invoice (praxis text not null default %L check (praxis = %2$L), no int primary key, prescription_no int not null references %1$I.prescription, amount numeric not null, remark text)', s, p);
    execute format('create view %I.open_prescription as select r.no, p.full_name, r.diagnosis, r.units - (select count(*) from %1$I.appointment a where a.prescription_no = r.no) as left_over from %1$I.prescription r join %1$I.patient p on p.no = r.patient_no', s);
    -- The usage opens nothing: each table is granted to the login of its own practice.
    execute format('grant usage on schema %I to kgpraxis_staff', s);
    execute format('grant select, insert, update, delete on all tables in schema %I to %I', s, 'kgpraxis_' || p);
  end loop;
end $$;

-- 0009: new catalogues were forgotten too often
alter default privileges for role kgpraxis_owner grant select on tables to kgpraxis_staff;
create table catalog.equipment (code text primary key, title text not null);

-- 0012: home exercises
do $$
declare
  p text;
  s text;
begin
  foreach p in array array['alm', 'bach', 'cham'] loop
    s := 'p_' || p;
    execute format('create table %I.home_exercise (praxis text not null default %L check (praxis = %2$L), patient_no int not null references %1$I.patient on delete cascade, exercise text not null references catalog.exercise, instruction text not null, primary key (patient_no, exercise))', s, p);
    execute format('grant select, insert, update, delete on %I.home_exercise to %I', s, 'kgpraxis_' || p);
  end loop;
end $$;

insert into catalog.remedy values ('KG', 'Physiotherapy', 20), ('MT', 'Manual therapy', 20), ('MLD', 'Lymph drainage', 45);
insert into catalog.insurer values (101575519, 'TK'), (108310400, 'AOK');
insert into catalog.exercise values ('BRDG', 'Bridge', 'heels down'), ('PLNK', 'Plank', null);
insert into catalog.equipment values ('BALL', 'Ball'), ('BAND', 'Band');
do $$
declare
  p text;
  mark text;
begin
  foreach p in array array['alm', 'bach', 'cham'] loop
    mark := case p when 'alm' then 'alm' else p || ' bravo' end;
    execute format('set local search_path = %I, catalog', 'p_' || p);
    insert into therapist (short, full_name) select 'T' || n, 'Therapist ' || n || ' ' || mark from generate_series(1, 2) n;
    insert into patient (no, full_name, born, insurer) select n, 'Patient ' || n || ' ' || mark, '1968-02-02', 101575519 from generate_series(1, 3) n;
    insert into prescription (no, patient_no, remedy, units, diagnosis) select no, no, 'KG', 6, 'M54.5 ' || full_name from patient;
    insert into appointment (prescription_no, starts, therapist, note) select no, '2026-04-01 08:00+00'::timestamptz + no * interval '20 minutes', 'T1', 'stairs, ' || diagnosis from prescription;
    insert into invoice (no, prescription_no, amount, remark) select no, no, 132.50, 'share of ' || diagnosis from prescription;
    insert into home_exercise (patient_no, exercise, instruction) select no, 'BRDG', 'three times a day, ' || full_name from patient;
  end loop;
end $$;
reset role;
reset search_path;
