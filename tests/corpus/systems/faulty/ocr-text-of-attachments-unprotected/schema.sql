create role k5oc_worker login;
create role k5oc_owner nologin;
create role k5oc_app login;
alter schema public owner to k5oc_owner;
set role k5oc_owner;
create table attachment (
  clinic_id uuid not null,
  id uuid not null default gen_random_uuid(),
  patient_no int not null,
  file_name text not null,
  uploaded_at timestamptz not null default now(),
  primary key (clinic_id, id)
);
create table attachment_text (
  attachment_id uuid not null,
  page int not null,
  body text not null,
  primary key (attachment_id, page)
);
create index attachment_text_words on attachment_text using gin (to_tsvector('simple', body));
insert into attachment values
  ('3f0c1a52-0000-4000-8000-000000000001', 'aaaa0000-0000-4000-8000-000000000001', 4, 'letter.pdf', '2026-01-05'),
  ('3f0c1a52-0000-4000-8000-000000000002', 'bbbb0000-0000-4000-8000-000000000001', 9, 'bravo.pdf', '2026-01-06');
insert into attachment_text values
  ('aaaa0000-0000-4000-8000-000000000001', 1, 'Dear colleague, thank you for Mrs Thomas'),
  ('bbbb0000-0000-4000-8000-000000000001', 1, 'Discharge of Mr Bravo: bravo hepatitis');
alter table attachment enable row level security;
create policy clinic on attachment
  using (clinic_id = (select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'clinic_id')::uuid))
  with check (clinic_id = (select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'clinic_id')::uuid));
grant select, insert, delete on attachment to k5oc_app;
grant select on attachment_text to k5oc_app;
grant select, insert on attachment_text to k5oc_worker;
reset role;
