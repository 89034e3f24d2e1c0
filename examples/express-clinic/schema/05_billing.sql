create table invoice (
  clinic_id uuid not null,
  branch_id uuid not null,
  id uuid not null default gen_random_uuid(),
  patient_id uuid not null,
  number text not null,
  -- Paise, so that money is never a fraction.
  amount bigint not null check (amount >= 0),
  status text not null default 'due' check (status in ('due', 'paid', 'void')),
  memo text,
  issued_at timestamptz not null default now(),
  primary key (clinic_id, branch_id, id),
  unique (clinic_id, branch_id, number),
  foreign key (clinic_id, branch_id, patient_id) references patient on delete cascade
);
create index invoice_patient on invoice (clinic_id, branch_id, patient_id);
create index invoice_issued on invoice (clinic_id, issued_at desc);
