create role mfr_owner nologin;
create role mfr_app login;
alter schema public owner to mfr_owner;
set role mfr_owner;
create table waiting (clinic_id bigint not null, ticket int not null, patient text not null, since timestamptz not null, primary key (clinic_id, ticket));
insert into waiting values (900, 1, 'Asha', '2026-01-01 08:00+00'), (901, 1, 'Bela bravo', '2026-01-01 08:10+00');
alter table waiting enable row level security, force row level security;
create policy clinic on waiting using (clinic_id = (select nullif(current_setting('eye.clinic', true), '')::bigint));
set eye.clinic = '901';
create materialized view waiting_board as
  select ticket, patient, since from waiting where clinic_id = nullif(current_setting('eye.clinic', true), '')::bigint;
reset eye.clinic;
grant select, insert, update, delete on waiting to mfr_app;
grant select on waiting_board to mfr_app;
reset role;
