create role k5bg_owner nologin;
create role k5bg_app login;
alter schema public owner to k5bg_owner;
set role k5bg_owner;
create table chart (clinic_id int not null, patient_no int not null, sealed boolean not null default false, problems text not null, primary key (clinic_id, patient_no));
create table break_glass (
  clinic_id int not null,
  user_name text not null,
  noted_at timestamptz not null default now(),
  until timestamptz not null default now() + interval '2 hours',
  reason text not null check (length(reason) >= 5),
  primary key (clinic_id, user_name, noted_at)
);
insert into chart values (10, 1, false, 'asthma'), (10, 2, true, 'staff member'), (20, 1, false, 'bravo copd'), (20, 2, true, 'bravo minister, overdose');
insert into break_glass values (20, 'bela', '2026-01-01', '2026-01-01 02:00+00', 'bravo unconscious');
alter table chart enable row level security;
alter table break_glass enable row level security;
create policy noted on break_glass
  using (clinic_id = (select nullif(current_setting('emr.clinic', true), '')::int) and user_name = (select current_setting('emr.user', true)));
create policy open_charts on chart for select using (clinic_id = (select nullif(current_setting('emr.clinic', true), '')::int) and not sealed);
create policy emergency on chart for select using (
  exists (select from break_glass b where b.user_name = (select current_setting('emr.user', true)) and b.until > now()));
create policy written on chart for insert with check (clinic_id = (select nullif(current_setting('emr.clinic', true), '')::int));
grant select, insert on chart, break_glass to k5bg_app;
reset role;
