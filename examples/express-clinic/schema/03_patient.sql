create table patient (
  clinic_id uuid not null,
  branch_id uuid not null,
  id uuid not null default gen_random_uuid(),
  chart_no text not null default 'new-' || left(gen_random_uuid()::text, 8),
  full_name text not null check (full_name <> ''),
  phone text not null check (phone ~ '^\+91[0-9]{10}$'),
  abha text check (abha ~ '^[0-9]{14}$'),
  dob date,
  sex text not null check (sex in ('female', 'male', 'other')),
  address text,
  allergies text,
  hiv_status text check (hiv_status in ('positive', 'negative', 'unknown')),
  created_at timestamptz not null default now(),
  primary key (clinic_id, branch_id, id),
  unique (clinic_id, branch_id, chart_no),
  unique (clinic_id, branch_id, abha),
  foreign key (clinic_id, branch_id) references branch (clinic_id, id)
);
-- The list "newest first" is cut at 50: without branch_id, so that one or several branches read it in order.
create index patient_newest on patient (clinic_id, created_at desc);

create table appointment (
  clinic_id uuid not null,
  branch_id uuid not null,
  id uuid not null default gen_random_uuid(),
  patient_id uuid not null,
  starts_at timestamptz not null,
  reason text not null,
  status text not null default 'booked' check (status in ('booked', 'arrived', 'done', 'cancelled')),
  created_at timestamptz not null default now(),
  primary key (clinic_id, branch_id, id),
  foreign key (clinic_id, branch_id, patient_id) references patient on delete cascade
);
create index appointment_patient on appointment (clinic_id, branch_id, patient_id);
create index appointment_starts on appointment (clinic_id, starts_at);
