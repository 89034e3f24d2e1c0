create role tfb_owner nologin;
create role tfb_app login;
alter schema public owner to tfb_owner;
set role tfb_owner;
create table bed (hospital_id int not null, id bigint not null unique, ward text not null, primary key (hospital_id, id));
create table transfer (hospital_id int not null, no int not null, patient text not null, bed_id bigint,
  primary key (hospital_id, no), constraint transfer_bed foreign key (bed_id) references bed (id) deferrable initially deferred);
insert into bed values (71, 1, 'W1'), (72, 2, 'W2 bravo');
insert into transfer values (71, 1, 'Asha', 1), (72, 1, 'Bela bravo', 2);
set constraints all immediate;
alter table bed enable row level security, force row level security;
alter table transfer enable row level security, force row level security;
create policy hospital on bed for select using (hospital_id = (select nullif(current_setting('h.id', true), '')::int));
create policy hospital on transfer using (hospital_id = (select nullif(current_setting('h.id', true), '')::int));
grant select on bed to tfb_app;
grant select, insert on transfer to tfb_app;
reset role;
