create role item_owner nologin;
create role item_app login;
alter schema public owner to item_owner;
set role item_owner;
create table drug (code text primary key, name text not null);
create table prescription (id bigint generated always as identity primary key, clinic_id int not null, patient text not null);
create table prescription_item (prescription_id bigint not null references prescription on delete cascade, line int not null, drug text not null references drug, instructions text,
  primary key (prescription_id, line));
insert into drug values ('PCM', 'paracetamol'), ('OLZ', 'olanzapine');
insert into prescription (clinic_id, patient) values (1, 'Jeeva'), (2, 'Mia bravo');
insert into prescription_item values (1, 1, 'PCM', 'after food'), (2, 1, 'OLZ', 'bravo at night');
alter table prescription enable row level security, force row level security;
create policy clinic on prescription using (clinic_id = (select nullif(current_setting('app.clinic_id', true), '')::int));
grant select on prescription, prescription_item, drug to item_app;
reset role;
