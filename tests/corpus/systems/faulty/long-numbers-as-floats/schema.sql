create role lng_owner nologin;
create role lng_app login;
alter schema public owner to lng_owner;
set role lng_owner;
create table dose (clinic_no bigint not null, no bigint not null, patient text not null, vaccine text not null, primary key (clinic_no, no));
insert into dose values (9007199254740992, 1, 'Gowri', 'BCG'), (9007199254740993, 1, 'Finn bravo', 'bravo HPV');
alter table dose enable row level security, force row level security;
create policy clinic on dose using (clinic_no::double precision = (select nullif(current_setting('lng.clinic', true), '')::double precision))
  with check (clinic_no = (select nullif(current_setting('lng.clinic', true), '')::bigint));
grant select, insert on dose to lng_app;
reset role;
