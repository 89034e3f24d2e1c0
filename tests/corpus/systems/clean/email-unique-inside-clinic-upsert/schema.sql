create role k5eu_owner nologin;
create role k5eu_app login;
alter schema public owner to k5eu_owner;
set role k5eu_owner;
create table patient (
  clinic_id int not null,
  no int not null,
  name text not null,
  email text,
  primary key (clinic_id, no)
);
create unique index patient_email on patient (clinic_id, lower(email)) where email is not null;
insert into patient values (1, 1, 'Amy', 'amy@example.org'), (2, 1, 'Ben bravo', 'ben@example.org'), (2, 2, 'Amy bravo', 'amy@example.org');
create function take_patient(clinic int, no int, name text, email text) returns patient language sql as $$
  insert into patient as p values (clinic, no, name, email)
  on conflict (clinic_id, lower(email)) where email is not null do update set name = excluded.name
  returning p.*
$$;
revoke execute on function take_patient(int, int, text, text) from public;
grant execute on function take_patient(int, int, text, text) to k5eu_app;
alter table patient enable row level security;
create policy clinic on patient using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
grant select, insert, update, delete on patient to k5eu_app;
reset role;
