create role dfr_owner nologin;
create role dfr_app login;
alter schema public owner to dfr_owner;
set role dfr_owner;
create table lab_order (branch_id int not null, no int not null, patient text not null, primary key (branch_id, no));
create table sample (branch_id int not null, no int not null, order_no int not null, tube text not null, primary key (branch_id, no),
  foreign key (branch_id, order_no) references lab_order deferrable initially deferred);
insert into lab_order values (5, 1, 'Nila'), (6, 2, 'Marc bravo');
insert into sample values (5, 1, 1, 'red'), (6, 1, 2, 'bravo blue');
set constraints all immediate;
alter table lab_order enable row level security, force row level security;
alter table sample enable row level security, force row level security;
create policy branch on lab_order using (branch_id = (select nullif(current_setting('dfr.branch', true), '')::int));
create policy branch on sample using (branch_id = (select nullif(current_setting('dfr.branch', true), '')::int));
grant select, insert, update, delete on lab_order, sample to dfr_app;
reset role;
