create role k5el_owner nologin;
create role k5el_app login;
alter schema public owner to k5el_owner;
set role k5el_owner;
create table patient (clinic_id int not null, no int not null, name text not null, born date not null, primary key (clinic_id, no));
create table error_log (
  id bigint generated always as identity primary key,
  logged_at timestamptz not null default now(),
  place text not null,
  message text not null,
  failing jsonb
);
insert into patient values (1, 1, 'Tara', '1990-02-02'), (2, 1, 'Nisha bravo', '1988-08-08');
insert into error_log (place, message, failing) values
  ('patient import', 'invalid date', '{"clinic": 1, "name": "Uma", "born": "31.02.1970"}'),
  ('patient import', 'invalid date', '{"clinic": 2, "name": "Nisha bravo", "born": "30.02.1988", "diagnosis": "bravo"}');
alter table patient enable row level security;
create policy clinic on patient using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
grant select, insert, update on patient to k5el_app;
grant select, insert on error_log to k5el_app;
reset role;
