create role lco_owner nologin;
create role lco_app login;
alter schema public owner to lco_owner;
set role lco_owner;
create table appointment (branch_id int not null, no int not null, patient text not null, state text not null default 'open', primary key (branch_id, no));
insert into appointment values (11, 1, 'Asha', 'open'), (12, 1, 'Bela bravo', 'open');
alter table appointment enable row level security;
create view v_appointment with (security_barrier) as
  select branch_id, no, patient, state from appointment where branch_id = nullif(current_setting('dental.branch', true), '')::int;
create view v_open_appointment with (security_barrier) as
  select branch_id, no, patient, state from v_appointment where state = 'open' with local check option;
grant select, insert, update on v_open_appointment to lco_app;
reset role;
