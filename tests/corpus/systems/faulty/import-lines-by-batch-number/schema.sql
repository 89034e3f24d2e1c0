create role labimp_owner nologin;
create role labimp_api login;
create schema imports authorization labimp_owner;
set role labimp_owner;
set search_path = imports;

create table file_format (code text primary key, title text not null, encoding text not null);
create table loinc (code text primary key, title text not null, unit text not null);
create table practice (practice_id bigint primary key, name text not null);
create table doctor (
  practice_id bigint not null references practice, no int not null, full_name text not null, email text,
  primary key (practice_id, no)
);
create table patient (
  practice_id bigint not null references practice, no int not null, full_name text not null, born date,
  primary key (practice_id, no)
);
create table import_batch (
  practice_id bigint not null references practice, batch_no int not null, file_name text not null, format text not null references file_format,
  state text not null default 'received' check (state in ('received', 'checked', 'booked', 'rejected')),
  primary key (practice_id, batch_no)
);
create table import_line (
  practice_id bigint not null, batch_no int not null, line_no int not null, patient_no int not null,
  loinc_code text not null references loinc, value text not null, comment text,
  primary key (practice_id, batch_no, line_no),
  foreign key (practice_id, batch_no) references import_batch on delete cascade
);
create table import_error (
  practice_id bigint not null, batch_no int not null, line_no int not null, message text not null,
  primary key (practice_id, batch_no, line_no),
  foreign key (practice_id, batch_no) references import_batch on delete cascade
);
create table lab_value (
  practice_id bigint not null, id uuid not null default gen_random_uuid(), patient_no int not null, loinc_code text not null references loinc,
  value text not null, comment text, booked_at timestamptz not null default now(),
  primary key (practice_id, id),
  foreign key (practice_id, patient_no) references patient (practice_id, no)
);
create table booking_log (
  practice_id bigint not null references practice, id uuid not null default gen_random_uuid(), entry text not null, at timestamptz not null default now(),
  primary key (practice_id, id)
);

create function current_practice() returns bigint language sql stable
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'practice_id')::bigint;

-- Numbers start at 1 in every practice.
create function new_batch(name text, kind text) returns int language plpgsql security definer set search_path = imports, pg_temp as $$
declare number int;
begin
  perform from practice p where p.practice_id = current_practice() for update;
  select coalesce(max(b.batch_no), 0) + 1 into number from import_batch b where b.practice_id = current_practice();
  insert into import_batch values (current_practice(), number, name, kind);
  return number;
end $$;

create function check_batch(batch int) returns int language plpgsql security definer set search_path = imports, pg_temp as $$
declare bad int;
begin
  delete from import_error e where e.practice_id = current_practice() and e.batch_no = batch;
  insert into import_error
    select l.practice_id, l.batch_no, l.line_no, 'unknown patient ' || l.patient_no
      from import_line l
     where l.practice_id = current_practice() and l.batch_no = batch
       and not exists (select from patient p where p.practice_id = l.practice_id and p.no = l.patient_no);
  get diagnostics bad = row_count;
  update import_batch b set state = case bad when 0 then 'checked' else 'rejected' end
   where b.practice_id = current_practice() and b.batch_no = batch and b.state in ('received', 'rejected');
  return bad;
end $$;

create function book_batch(batch int) returns int language plpgsql security definer set search_path = imports, pg_temp as $$
declare booked int;
begin
  perform from import_batch b where b.practice_id = current_practice() and b.batch_no = batch and b.state = 'checked' for update;
  if not found then
    raise exception 'batch % is not ready to be booked', batch using hint = 'Check it first.';
  end if;
  insert into lab_value (practice_id, patient_no, loinc_code, value, comment)
    select b.practice_id, l.patient_no, l.loinc_code, l.value, l.comment
      from import_batch b join import_line l on l.batch_no = b.batch_no
     where b.practice_id = current_practice() and b.batch_no = batch
       and exists (select from patient p where p.practice_id = b.practice_id and p.no = l.patient_no);
  get diagnostics booked = row_count;
  update import_batch b set state = 'booked' where b.practice_id = current_practice() and b.batch_no = batch;
  insert into booking_log (practice_id, entry) values (current_practice(), format('batch %s booked', batch));
  return booked;
end $$;

insert into file_format values ('LDT', 'Labordatentransfer', 'ISO-8859-15'), ('HL7', 'HL7 ORU', 'UTF-8');
insert into loinc values ('718-7', 'Haemoglobin', 'g/dl'), ('4548-4', 'HbA1c', '%');
insert into practice values (100, 'Dr. Adler'), (200, 'Dr. Bravo-Meier, bravo'), (300, 'MVZ bravo');
insert into doctor select practice_id, 1, 'Doctor at ' || name, 'post@' || name from practice;
insert into patient select practice_id, n, 'Patient ' || n || ' of ' || name, '1960-04-01' from practice, generate_series(1, 4) n;
insert into import_batch select practice_id, n, 'lab-' || n || ' ' || name || '.ldt', 'LDT', case n when 1 then 'booked' else 'checked' end from practice, generate_series(1, 2) n;
insert into import_line select b.practice_id, b.batch_no, p.no, p.no, '4548-4', '7.' || p.no, 'fasting, ' || p.full_name
  from import_batch b join patient p using (practice_id) where p.no <= 2 or p.practice_id > 100;
insert into lab_value (practice_id, patient_no, loinc_code, value, comment)
  select practice_id, patient_no, loinc_code, value, comment from import_line where batch_no = 1;
insert into import_error select practice_id, 1, 9, 'line cut off in ' || file_name from import_batch where batch_no = 1;
insert into booking_log (practice_id, entry) select practice_id, 'booked ' || file_name from import_batch where batch_no = 1;

alter table practice enable row level security;
create policy own on practice for select using (practice_id = current_practice());
do $$
declare t text;
begin
  foreach t in array array['doctor', 'patient', 'import_batch', 'import_line', 'import_error', 'lab_value', 'booking_log'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy practice on %I using (practice_id = current_practice())', t);
  end loop;
end $$;

revoke execute on all functions in schema imports from public;
grant usage on schema imports to labimp_api;
grant execute on all functions in schema imports to labimp_api;
grant select on all tables in schema imports to labimp_api;
grant insert, update, delete on doctor, patient to labimp_api;
grant insert, delete on import_line to labimp_api;
grant delete on lab_value, import_batch to labimp_api;
reset role;
reset search_path;
