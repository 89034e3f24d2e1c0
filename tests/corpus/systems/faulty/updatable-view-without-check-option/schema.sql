create role upv_owner nologin;
create role upv_app login;
create schema base authorization upv_owner;
create schema web authorization upv_owner;
grant usage on schema web to upv_app;
set role upv_owner;
create table base.waiting_list (branch_id int not null, no int not null, patient text not null, urgency int default 3, primary key (branch_id, no));
insert into base.waiting_list values (1, 1, 'Thara', 2), (2, 1, 'Ugo bravo', 1);
create view web.waiting_list with (security_barrier) as
  select branch_id, no, patient, urgency from base.waiting_list where branch_id = nullif(current_setting('u.branch', true), '')::int;
grant select, insert, update on web.waiting_list to upv_app;
reset role;
