create table clinical_note (
  clinic_id uuid not null,
  branch_id uuid not null,
  id uuid not null default gen_random_uuid(),
  patient_id uuid not null,
  author text not null,
  diagnosis text not null,
  body text not null,
  status text not null default 'draft' check (status in ('draft', 'signed')),
  signed_at timestamptz,
  created_at timestamptz not null default now(),
  check ((status = 'signed') = (signed_at is not null)),
  primary key (clinic_id, branch_id, id),
  foreign key (clinic_id, branch_id, patient_id) references patient on delete cascade
);
create index clinical_note_patient on clinical_note (clinic_id, branch_id, patient_id);

create table attachment (
  clinic_id uuid not null,
  branch_id uuid not null,
  id uuid not null default gen_random_uuid(),
  note_id uuid not null,
  file_name text not null,
  media_type text not null,
  bytes integer not null,
  primary key (clinic_id, branch_id, id),
  foreign key (clinic_id, branch_id, note_id) references clinical_note on delete cascade
);
create index attachment_note on attachment (clinic_id, branch_id, note_id);

create table prescription (
  clinic_id uuid not null,
  branch_id uuid not null,
  id uuid not null default gen_random_uuid(),
  patient_id uuid not null,
  drug_id integer not null references drug,
  dose text not null,
  days integer not null check (days between 1 and 365),
  instructions text,
  prescribed_by text not null,
  created_at timestamptz not null default now(),
  primary key (clinic_id, branch_id, id),
  foreign key (clinic_id, branch_id, patient_id) references patient on delete cascade
);
create index prescription_patient on prescription (clinic_id, branch_id, patient_id);

create table lab_result (
  clinic_id uuid not null,
  branch_id uuid not null,
  id uuid not null default gen_random_uuid(),
  patient_id uuid not null,
  test text not null,
  value numeric not null,
  unit text not null,
  remarks text,
  taken_at timestamptz not null default now(),
  primary key (clinic_id, branch_id, id),
  foreign key (clinic_id, branch_id, patient_id) references patient on delete cascade
);
create index lab_result_patient on lab_result (clinic_id, branch_id, patient_id, taken_at desc);

-- Reports as files, with their bytes: the fence holds for them as for any row.
create table lab_file (
  clinic_id uuid not null,
  branch_id uuid not null,
  id uuid not null default gen_random_uuid(),
  patient_id uuid not null,
  author text not null,
  file_name text not null check (length(file_name) between 1 and 120),
  media_type text not null check (media_type in ('application/pdf', 'image/png', 'image/jpeg')),
  content bytea not null check (octet_length(content) between 1 and 5242880),
  created_at timestamptz not null default now(),
  primary key (clinic_id, branch_id, id),
  foreign key (clinic_id, branch_id, patient_id) references patient on delete cascade
);
create index lab_file_patient on lab_file (clinic_id, branch_id, patient_id, created_at desc);
