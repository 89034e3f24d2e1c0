create extension if not exists btree_gist;
create role elh_owner nologin;
create role elh_app login;
alter schema public owner to elh_owner;
set role elh_owner;
create table booking (hospital_id int not null, no int not null, room text not null, during tstzrange not null, surgeon text,
  primary key (hospital_id, no), exclude using gist (hospital_id with =, room with =, during with &&));
insert into booking values (1, 1, 'OT-1', '[2026-03-01 08:00Z,2026-03-01 10:00Z)', 'dr k'), (2, 1, 'OT-1', '[2026-03-01 08:00Z,2026-03-01 12:00Z)', 'dr bravo');
alter table booking enable row level security, force row level security;
create policy h on booking using (hospital_id = (select nullif(current_setting('ot.hospital', true), '')::int));
grant select, insert, update, delete on booking to elh_app;
reset role;
