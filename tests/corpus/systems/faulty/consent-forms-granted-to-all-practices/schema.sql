create role zahnwerk_owner nologin;
create role zahnwerk_practice nologin;
create role zahnwerk_app login noinherit;
alter schema public owner to zahnwerk_owner;
revoke create on schema public from public;
create schema shared authorization zahnwerk_owner;

-- a role and a schema per practice; the pool takes the role with SET ROLE
create role zahnwerk_p_nord nologin in role zahnwerk_practice;
create role zahnwerk_p_sued nologin in role zahnwerk_practice;
create role zahnwerk_p_west nologin in role zahnwerk_practice;
grant zahnwerk_p_nord, zahnwerk_p_sued, zahnwerk_p_west to zahnwerk_app;
create schema p_nord authorization zahnwerk_owner;
create schema p_sued authorization zahnwerk_owner;
create schema p_west authorization zahnwerk_owner;

set role zahnwerk_owner;
create table shared.fee_code (code text primary key, title text not null, points int not null);
create table shared.tooth (fdi int primary key check (fdi between 11 and 85), title text not null);
create table shared.schema_version (version int primary key, applied_at timestamptz not null default now(), what text not null);
insert into shared.fee_code values ('0010', 'Examination', 100), ('2060', 'Filling, two surfaces', 527), ('9000', 'Implant', 884);
insert into shared.tooth values (11, 'upper right 1'), (36, 'lower left 6');
grant usage on schema shared to zahnwerk_practice;
grant select on all tables in schema shared to zahnwerk_practice;

create procedure shared.set_up(practice text) language plpgsql set search_path = pg_catalog as $$
declare s text := 'p_' || practice;
  r text := 'zahnwerk_p_' || practice;
begin
  execute format('create table %I.patient (practice_code text not null default %L check (practice_code = %L), no int primary key, name text not null, insurer text, recall_on date)', s, practice, practice);
  execute format('create table %I.chair (practice_code text not null default %L check (practice_code = %L), no int primary key, room text not null)', s, practice, practice);
  execute format('create table %I.appointment (practice_code text not null default %L check (practice_code = %L), id uuid primary key default gen_random_uuid(), patient_no int not null references %I.patient, chair_no int references %I.chair, during tstzrange not null, reason text not null)', s, practice, practice, s, s);
  execute format('create table %I.treatment (practice_code text not null default %L check (practice_code = %L), id uuid primary key default gen_random_uuid(), patient_no int not null references %I.patient, fee text not null references shared.fee_code, tooth int references shared.tooth, note text not null)', s, practice, practice, s);
  execute format('create table %I.invoice (practice_code text not null default %L check (practice_code = %L), no text primary key, patient_no int not null references %I.patient, cents int not null, remark text)', s, practice, practice, s);
  execute format('create view %I.recall_list as select practice_code, no, name, recall_on from %I.patient where recall_on is not null', s, s);
  execute format('create function %I.next_invoice_no() returns text language sql stable set search_path = %I as %L', s, s,
    'select ''R'' || lpad((count(*) + 1)::text, 4, ''0'') from invoice');
  execute format('revoke execute on function %I.next_invoice_no() from public', s);
  execute format('grant usage on schema %I to %I', s, r);
  execute format('grant execute on function %I.next_invoice_no() to %I', s, r);
  execute format('grant select, insert, update, delete on all tables in schema %I to %I', s, r);
end $$;
revoke execute on procedure shared.set_up(text) from public;
call shared.set_up('nord');
call shared.set_up('sued');
call shared.set_up('west');
insert into shared.schema_version (version, what) values (1, 'practices');

-- version 2: consent forms, in every practice
do $$
declare s text;
begin
  for s in select nspname from pg_namespace where starts_with(nspname, 'p_') order by 1 loop
    execute format('create table %I.consent_form (practice_code text not null default %L check (practice_code = %L), id uuid primary key default gen_random_uuid(), patient_no int not null references %I.patient, about text not null, signature text not null, signed_at timestamptz not null default now())',
      s, substr(s, 3), substr(s, 3), s);
    execute format('grant usage on schema %I to zahnwerk_practice', s);
    execute format('grant select, insert on %I.consent_form to zahnwerk_practice', s);
  end loop;
end $$;
insert into shared.schema_version (version, what) values (2, 'consent forms');

-- version 3: letters, in every practice
do $$
declare p text;
begin
  foreach p in array array['nord', 'sued', 'west'] loop
    execute format('create table %I.letter (practice_code text not null default %L check (practice_code = %L), id uuid primary key default gen_random_uuid(), patient_no int not null references %I.patient, body text not null)', 'p_' || p, p, p, 'p_' || p);
    execute format('grant select, insert, update, delete on %I.letter to %I', 'p_' || p, 'zahnwerk_p_' || p);
  end loop;
end $$;
insert into shared.schema_version (version, what) values (3, 'letters');
reset role;

do $$
declare p text;
  w text;
begin
  foreach p in array array['nord', 'sued', 'west'] loop
    w := case p when 'nord' then 'Nordpark' else p || ' bravo' end;
    execute format('insert into p_%s.patient (no, name, insurer, recall_on) select n, ''Patient '' || n || '' of '' || $1, ''AOK '' || $1, ''2026-09-01'' from generate_series(1, 3) n', p) using w;
    execute format('insert into p_%s.chair (no, room) values (1, ''Room 1, '' || $1)', p) using w;
    execute format('insert into p_%s.appointment (patient_no, chair_no, during, reason) select no, 1, tstzrange(''2026-05-04 08:00+02'', ''2026-05-04 08:30+02''), ''Pain, '' || name from p_%s.patient', p, p);
    execute format('insert into p_%s.treatment (patient_no, fee, tooth, note) select no, ''2060'', 36, ''mod, '' || name from p_%s.patient', p, p);
    execute format('insert into p_%s.invoice (no, patient_no, cents, remark) select ''R000'' || no, no, 7500, ''to be paid by '' || name from p_%s.patient', p, p);
    execute format('insert into p_%s.consent_form (patient_no, about, signature) select no, ''Extraction 36, '' || name, ''signed: '' || name from p_%s.patient', p, p);
    execute format('insert into p_%s.letter (patient_no, body) select no, ''Dear '' || name from p_%s.patient', p, p);
  end loop;
end $$;
