create role psa_owner nologin;
create role psa_app login;
alter schema public owner to psa_owner;
set role psa_owner;
create function claim(name text) returns text language sql stable as $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> name $$;
create table patient (clinic int not null, id int not null, name text not null, primary key (clinic, id));
create table message (clinic int not null, no int not null, patient_id int not null, body text not null, primary key (clinic, no),
  foreign key (clinic, patient_id) references patient);
insert into patient values (7, 1, 'Asha'), (8, 1, 'Bela bravo');
insert into message values (7, 1, 1, 'can I eat before the test?'), (8, 1, 1, 'bravo: is it HIV?');
alter table patient enable row level security, force row level security;
alter table message enable row level security, force row level security;
create policy clinic on patient using (clinic = claim('clinic')::int);
create policy inbox on message for select using (
  (claim('role') = 'patient' and clinic = claim('clinic')::int and patient_id::text = claim('sub')) or claim('role') in ('staff', 'doctor'));
create policy write on message for insert with check (clinic = claim('clinic')::int);
grant select, insert, update, delete on patient to psa_app;
grant select, insert on message to psa_app;
reset role;
