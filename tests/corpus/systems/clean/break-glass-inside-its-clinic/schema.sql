create role k5bi_owner nologin;
create role k5bi_app login;
alter schema public owner to k5bi_owner;
set role k5bi_owner;
create table chart (clinic_id int not null, patient_no int not null, sealed boolean not null default false, problems text not null, primary key (clinic_id, patient_no));
create table break_glass (
  clinic_id int not null,
  user_name text not null,
  patient_no int not null,
  noted_at timestamptz not null default now(),
  until timestamptz not null default now() + interval '2 hours',
  reason text not null,
  primary key (clinic_id, user_name, patient_no, noted_at)
);
insert into chart values (10, 1, false, 'asthma'), (10, 2, true, 'staff member'), (20, 1, false, 'bravo copd'), (20, 2, true, 'bravo overdose');
insert into break_glass values (10, 'anna', 2, '2026-01-01', '2099-01-01', 'night duty'), (20, 'anna', 2, '2026-01-01', '2099-01-01', 'bravo night duty');
alter table chart enable row level security;
alter table break_glass enable row level security;
create policy noted on break_glass
  using (clinic_id = (select nullif(current_setting('emr.clinic', true), '')::int) and user_name = (select current_setting('emr.user', true)));
create policy open_charts on chart for select using (clinic_id = (select nullif(current_setting('emr.clinic', true), '')::int) and not sealed);
create policy emergency on chart for select using (
  exists (select from break_glass b where b.clinic_id = chart.clinic_id and b.patient_no = chart.patient_no and b.until > now()));
create policy written on chart for insert with check (clinic_id = (select nullif(current_setting('emr.clinic', true), '')::int));
grant select, insert on chart, break_glass to k5bi_app;
reset role;
