create role k5fc_owner nologin;
create role k5fc_app login;
alter schema public owner to k5fc_owner;
set role k5fc_owner;
create table assignment (
  clinic_id bigint not null,
  patient_id uuid not null,
  from_day date not null,
  to_day date,
  remark text,
  primary key (clinic_id, patient_id, from_day)
);
create table visit (
  clinic_id bigint not null,
  patient_id uuid not null,
  visited_at timestamptz not null,
  findings text not null,
  primary key (clinic_id, patient_id, visited_at)
);
insert into assignment values
  (201, '70000000-0000-4000-8000-000000000001', '2021-01-01', '2024-06-30', 'moved away'),
  (201, '70000000-0000-4000-8000-000000000002', '2022-01-01', null, null),
  (202, '70000000-0000-4000-8000-000000000001', '2024-07-01', null, 'bravo moved in');
insert into visit values
  (201, '70000000-0000-4000-8000-000000000001', '2023-03-03 09:00+00', 'ankle'),
  (201, '70000000-0000-4000-8000-000000000002', '2023-03-04 09:00+00', 'ear'),
  (202, '70000000-0000-4000-8000-000000000001', '2025-11-11 09:00+00', 'bravo depression');
alter table assignment enable row level security;
alter table visit enable row level security;
create policy clinic on assignment for select using (clinic_id = (select nullif(current_setting('chain.clinic', true), '')::bigint));
create policy of_our_patients on visit for select using (
  exists (select from assignment a where a.patient_id = visit.patient_id and a.clinic_id = (select nullif(current_setting('chain.clinic', true), '')::bigint)));
create policy written on visit for insert with check (clinic_id = (select nullif(current_setting('chain.clinic', true), '')::bigint));
grant select on assignment to k5fc_app;
grant select, insert on visit to k5fc_app;
reset role;
