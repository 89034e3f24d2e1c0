create role k5fs_owner nologin;
create role k5fs_app login;
alter schema public owner to k5fs_owner;
set role k5fs_owner;
create table slot (
  clinic_id int not null,
  doctor text not null,
  starts_at timestamptz not null,
  patient_no int,
  note text,
  primary key (clinic_id, doctor, starts_at)
);
insert into slot values
  (1, 'Dr Rao', '2026-07-01 09:00+00', 5, 'dressing'), (1, 'Dr Rao', '2026-07-01 09:30+00', null, null),
  (2, 'Dr Sen', '2026-07-01 09:00+00', 8, 'bravo follow-up'), (2, 'Dr Sen', '2026-07-01 09:30+00', null, 'bravo: Mrs K. Dutta, termination, call husband not');
alter table slot enable row level security;
create policy ours on slot using (clinic_id = (select nullif(current_setting('slots.clinic', true), '')::int));
create policy free_for_referral on slot for select using (patient_no is null and (select nullif(current_setting('slots.clinic', true), '')) is not null);
grant select, insert, update on slot to k5fs_app;
reset role;
