create role vetchart_owner nologin;
create role vetchart_member nologin;
create role vetchart_sync nologin;
create role vetchart_app login noinherit;
grant vetchart_member to vetchart_app;
alter schema public owner to vetchart_owner;
set role vetchart_owner;

create table subject_kind (kind text primary key, label text not null);
create table room_type (code text primary key);
create table clinic (id bigint primary key, name text not null);
create table staff_user (clinic_id bigint not null references clinic, id text not null, full_name text not null, primary key (clinic_id, id));
-- The three are written by the synchronisation with the practice systems, which gives the numbers.
create table patient (id bigint primary key, clinic_id bigint not null references clinic, full_name text not null, born_on date);
create table appointment (id bigint primary key, clinic_id bigint not null references clinic, patient_id bigint not null references patient, starts_at timestamptz, title text not null);
create table lab_order (id bigint primary key, clinic_id bigint not null references clinic, patient_id bigint not null references patient, test text not null, result text);
create table invoice (clinic_id bigint not null references clinic, no int not null, payer text not null, total numeric(10, 2) not null default 0, primary key (clinic_id, no));
create table invoice_line (clinic_id bigint not null, invoice_no int not null, line int not null, what text not null, amount numeric(10, 2), primary key (clinic_id, invoice_no, line),
  foreign key (clinic_id, invoice_no) references invoice (clinic_id, no) on delete cascade);
create table note (
  clinic_id bigint not null references clinic,
  id uuid not null default gen_random_uuid(),
  subject_kind text not null references subject_kind,
  subject_id bigint not null,
  author text not null,
  body text not null,
  written_at timestamptz not null default now(),
  primary key (clinic_id, id)
);
create index on note (subject_kind, subject_id);
create table note_read (clinic_id bigint not null, note_id uuid not null, reader text not null, primary key (clinic_id, note_id, reader),
  foreign key (clinic_id, note_id) references note (clinic_id, id) on delete cascade);

create function jwt_clinic() returns bigint language sql stable
  return (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'clinic')::bigint;

insert into subject_kind values ('patient', 'Patient'), ('appointment', 'Appointment'), ('lab_order', 'Laboratory order');
insert into room_type values ('gym'), ('pool');
insert into clinic values (410, 'Reha am Fluss'), (420, 'Reha bravo'), (430, 'Kurklinik bravo');
insert into staff_user values (410, 'u-410', 'Nora'), (420, 'u-420', 'Piet bravo'), (430, 'u-430', 'Sven bravo');
insert into patient values (88120, 410, 'Anna', '1961-01-01'), (88121, 410, 'Bert', '1970-01-01'),
  (88150, 420, 'Carl bravo', '1955-01-01'), (88151, 420, 'Dora bravo', '1948-01-01'), (88160, 430, 'Ede bravo', '1990-01-01');
insert into appointment values (70310, 410, 88120, '2026-02-01 10:00+01', 'knee'), (88120, 420, 88150, '2026-02-01 11:00+01', 'hip bravo'), (70312, 430, 88160, '2026-02-02 09:00+01', 'back bravo');
insert into lab_order values (51200, 410, 88121, 'CRP', '4'), (51201, 420, 88151, 'HIV bravo', 'positive bravo'), (70310, 430, 88160, 'drug screen bravo', 'opiates bravo');
insert into invoice values (410, 1, 'AOK', 120), (420, 1, 'TK bravo', 80), (430, 1, 'Barmer bravo', 60);
insert into invoice_line values (410, 1, 1, 'gymnastics', 120), (420, 1, 1, 'massage bravo', 80), (430, 1, 1, 'bath bravo', 60);
insert into note (clinic_id, subject_kind, subject_id, author, body) values
  (410, 'patient', 88120, 'Nora', 'prefers mornings'),
  (410, 'appointment', 70310, 'Nora', 'bring x-ray'),
  (410, 'lab_order', 51200, 'Nora', 'repeat in May'),
  (420, 'appointment', 88120, 'Piet bravo', 'came drunk, bravo'),
  (420, 'patient', 88151, 'Piet bravo', 'daughter is guardian, bravo'),
  (430, 'lab_order', 70310, 'Sven bravo', 'do not tell the employer, bravo'),
  (430, 'patient', 88160, 'Sven bravo', 'shy, bravo');
insert into note_read select clinic_id, id, author from note;

do $$
declare t text;
begin
  foreach t in array array['staff_user', 'patient', 'appointment', 'lab_order', 'invoice', 'invoice_line', 'note_read'] loop
    execute format('alter table %I enable row level security', t);
    execute format('create policy clinic on %I to vetchart_member using (clinic_id = jwt_clinic())', t);
    execute format('create policy sync on %I to vetchart_sync using (true)', t);
  end loop;
end $$;
alter table clinic enable row level security;
create policy own on clinic for select to vetchart_member using (id = jwt_clinic());

alter table note enable row level security;
-- Whoever sees the subject sees its notes.
create policy subject_seen on note for select to vetchart_member using (
  exists (select from patient p where p.id = subject_id)
  or exists (select from appointment a where a.id = subject_id)
  or exists (select from lab_order l where l.id = subject_id)
);
create policy written_here on note for insert to vetchart_member with check (
  clinic_id = jwt_clinic()
  and case subject_kind
    when 'patient' then exists (select from patient p where p.id = subject_id)
    when 'appointment' then exists (select from appointment a where a.id = subject_id)
    when 'lab_order' then exists (select from lab_order l where l.id = subject_id)
    else false
  end
);
create policy taken_back on note for delete to vetchart_member using (clinic_id = jwt_clinic());

grant select on all tables in schema public to vetchart_member;
grant insert, delete on note to vetchart_member;
grant insert, delete on note_read to vetchart_member;
grant insert, update, delete on invoice, invoice_line to vetchart_member;
grant update (title, starts_at) on appointment to vetchart_member;
grant select, insert, update, delete on patient, appointment, lab_order to vetchart_sync;
reset role;
