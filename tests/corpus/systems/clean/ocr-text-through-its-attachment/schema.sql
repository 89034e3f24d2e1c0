create role k5ot_owner nologin;
create role k5ot_app login;
alter schema public owner to k5ot_owner;
set role k5ot_owner;
create table attachment (
  id uuid primary key default gen_random_uuid(),
  clinic_id uuid not null,
  patient_no int not null,
  file_name text not null
);
create table attachment_text (
  attachment_id uuid not null references attachment on delete cascade,
  page int not null,
  body text not null,
  primary key (attachment_id, page)
);
insert into attachment values
  ('aaaa0000-0000-4000-8000-000000000001', '3f0c1a52-0000-4000-8000-000000000011', 4, 'letter.pdf'),
  ('bbbb0000-0000-4000-8000-000000000001', '3f0c1a52-0000-4000-8000-000000000012', 9, 'bravo.pdf');
insert into attachment_text values
  ('aaaa0000-0000-4000-8000-000000000001', 1, 'Dear colleague, thank you for Mrs Thomas'),
  ('bbbb0000-0000-4000-8000-000000000001', 1, 'bravo hepatitis');
alter table attachment enable row level security;
alter table attachment_text enable row level security;
create policy clinic on attachment using (clinic_id = (select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'clinic_id')::uuid));
create policy of_attachment on attachment_text using (exists (select from attachment a where a.id = attachment_text.attachment_id));
-- ids are made by the server: nobody names one
grant select, delete on attachment to k5ot_app;
grant insert (clinic_id, patient_no, file_name), update (file_name) on attachment to k5ot_app;
grant select, insert on attachment_text to k5ot_app;
reset role;
