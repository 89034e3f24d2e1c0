create role lbsh_owner nologin;
create role lbsh_web login;
revoke create on schema public from public;
alter schema public owner to lbsh_owner;
set role lbsh_owner;

create table lab (id bigint primary key, name text not null);
create table analyte (loinc text primary key, name text not null, unit text not null);
create table share_reason (code text primary key, label text not null);
create table patient (lab_id bigint not null references lab, patient_no bigint not null, name text not null, born date, primary key (lab_id, patient_no));
create table sample (lab_id bigint not null, sample_no bigint not null, patient_no bigint not null, drawn_at timestamptz not null default now(), tube text not null, primary key (lab_id, sample_no), foreign key (lab_id, patient_no) references patient);
create table result (
  lab_id bigint not null,
  sample_no bigint not null,
  loinc text not null references analyte,
  value numeric not null,
  remark text,
  validated_by text,
  primary key (lab_id, sample_no, loinc),
  foreign key (lab_id, sample_no) references sample
);
create table result_comment (lab_id bigint not null, sample_no bigint not null, loinc text not null, comment_no int not null, body text not null, primary key (lab_id, sample_no, loinc, comment_no), foreign key (lab_id, sample_no, loinc) references result);
-- A result is opened for a second laboratory, which then reads it with the rest of its own.
create table result_share (
  lab_id bigint not null,
  sample_no bigint not null,
  loinc text not null,
  granted_to bigint not null,
  reason text not null references share_reason,
  remark text,
  until date not null default current_date + 30,
  primary key (lab_id, sample_no, loinc, granted_to),
  foreign key (lab_id, sample_no, loinc) references result on delete cascade,
  check (granted_to <> lab_id)
);
create table courier_run (lab_id bigint not null references lab, run_no int not null, driver text not null, primary key (lab_id, run_no));
create table audit_entry (lab_id bigint not null references lab, at timestamptz not null default clock_timestamp(), who text not null, what text not null);

insert into lab values (4101, 'Lab am Fluss'), (4102, 'bravo Diagnostik'), (4103, 'bravo Labor Ost');
insert into analyte values ('718-7', 'Haemoglobin', 'g/dl'), ('2345-7', 'Glucose', 'mg/dl'), ('75622-1', 'HIV 1/2', 'index');
insert into share_reason values ('second', 'Second opinion'), ('over', 'Overflow'), ('move', 'Patient moved');
insert into patient values (4101, 1, 'Jan Peters', '1980-01-01'), (4101, 2, 'Mia Roth', '1991-05-05'), (4102, 1, 'Rita bravo', '1971-02-02'), (4103, 1, 'Udo bravo', '1966-03-03');
insert into sample values (4101, 1, 1, '2026-02-01', 'EDTA'), (4101, 2, 2, '2026-02-02', 'serum'), (4102, 1, 1, '2026-02-01', 'bravo EDTA'), (4103, 1, 1, '2026-02-03', 'bravo serum');
insert into result values (4101, 1, '718-7', 14.1, 'fine', 'kl'), (4101, 2, '2345-7', 101, null, 'kl'), (4102, 1, '75622-1', 8.2, 'bravo reactive', 'bravo-m'), (4102, 1, '718-7', 11, 'bravo low', 'bravo-m'), (4103, 1, '2345-7', 240, 'bravo high', 'bravo-x');
insert into result_comment values (4101, 1, '718-7', 1, 'repeat in May'), (4102, 1, '75622-1', 1, 'bravo confirm by blot'), (4103, 1, '2345-7', 1, 'bravo fasting?');
insert into result_share values (4101, 2, '2345-7', 4102, 'second', 'please look', '2030-01-01'), (4102, 1, '718-7', 4103, 'over', 'bravo overflow', '2030-01-01');
insert into courier_run values (4101, 1, 'Gerd'), (4102, 1, 'Lutz bravo'), (4103, 1, 'Anke bravo');
insert into audit_entry (lab_id, who, what) values (4101, 'kl', 'validated 1'), (4102, 'bravo-m', 'bravo validated 1'), (4103, 'bravo-x', 'bravo validated 1');

create function my_lab() returns bigint language sql stable
  as $$ select nullif(current_setting('lbsh.lab', true), '')::bigint $$;

do $$
declare t text;
begin
  foreach t in array array['patient', 'sample', 'result', 'result_comment', 'result_share', 'courier_run', 'audit_entry', 'lab'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
  end loop;
  foreach t in array array['patient', 'sample', 'result_comment', 'courier_run'] loop
    execute format('create policy own on %I using (lab_id = (select my_lab())) with check (lab_id = (select my_lab()))', t);
  end loop;
end $$;
create policy own on lab for select using (id = (select my_lab()));
create policy own_read on audit_entry for select using (lab_id = (select my_lab()));
create policy own_write on audit_entry for insert with check (lab_id = (select my_lab()));

create policy share_read on result_share for select using (lab_id = (select my_lab()) or granted_to = (select my_lab()));
create policy share_give on result_share for insert with check (lab_id = (select my_lab()) or granted_to = (select my_lab()));
create policy share_end on result_share for delete using (lab_id = (select my_lab()));

create policy own_or_shared on result for select using (
  lab_id = (select my_lab())
  or exists (
    select from result_share s
     where s.lab_id = result.lab_id and s.sample_no = result.sample_no and s.loinc = result.loinc
       and s.granted_to = (select my_lab()) and s.until >= current_date));
create policy own_insert on result for insert with check (lab_id = (select my_lab()));
create policy own_update on result for update using (lab_id = (select my_lab())) with check (lab_id = (select my_lab()));
create policy own_delete on result for delete using (lab_id = (select my_lab()));

grant select on lab, analyte, share_reason to lbsh_web;
grant select, insert, update, delete on patient, sample, result, result_comment, courier_run to lbsh_web;
grant select, insert, delete on result_share to lbsh_web;
grant select, insert on audit_entry to lbsh_web;
reset role;
