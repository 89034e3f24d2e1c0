create role k5hd_owner nologin;
create role k5hd_app login;
alter schema public owner to k5hd_owner;
set role k5hd_owner;
create table patient (
  clinic_id int not null,
  no int not null,
  name text not null,
  phone text,
  deleted_at timestamptz,
  primary key (clinic_id, no)
);
create table visit (
  clinic_id int not null,
  no int not null,
  patient_no int not null,
  visited_on date not null,
  complaint text,
  primary key (clinic_id, no),
  foreign key (clinic_id, patient_no) references patient
);
insert into patient values (1, 1, 'Joseph', '+91-80-1', null), (1, 2, 'Rahel', '+91-80-2', '2026-02-01'), (2, 1, 'Imran bravo', '+91-44-1', null);
insert into visit values (1, 1, 1, '2026-03-02', 'cough'), (2, 1, 1, '2026-03-02', 'bravo rash');
alter table patient enable row level security;
alter table visit enable row level security;
create policy clinic on patient using (clinic_id = (select nullif(current_setting('gp.clinic', true), '')::int));
create policy clinic on visit using (clinic_id = (select nullif(current_setting('gp.clinic', true), '')::int));
-- 0042: the reception must not see deleted patients any more
create policy hide_deleted on patient for select using (deleted_at is null);
grant select, insert, update on patient, visit to k5hd_app;
reset role;
