create role k5ew_support login;
create role k5ew_owner nologin;
create role k5ew_app login;
alter schema public owner to k5ew_owner;
set role k5ew_owner;
create table patient (clinic_id int not null, no int not null, name text not null, born date, primary key (clinic_id, no));
create table error_log (
  id bigint generated always as identity primary key,
  clinic_id int not null,
  logged_at timestamptz not null default now(),
  message text not null,
  failing jsonb
);
insert into patient values (1, 1, 'Tara', '1990-02-02'), (2, 1, 'Nisha bravo', '1988-08-08');
insert into error_log (clinic_id, message, failing) values (1, 'invalid date', '{"name": "Uma"}'), (2, 'invalid date', '{"name": "Nisha bravo"}');
alter table patient enable row level security;
alter table error_log enable row level security;
create policy clinic on patient using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
create policy added on error_log for insert to k5ew_app with check (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
create policy support on error_log to k5ew_support using (true);
grant select, insert, update on patient to k5ew_app;
grant insert (clinic_id, message, failing) on error_log to k5ew_app;
grant select, delete on error_log to k5ew_support;
reset role;
