create role suvw_owner nologin;
create role suvw_app login;
alter schema public owner to suvw_owner;
set role suvw_owner;
create table fitting (branch text not null, no int not null, client text not null, device text, primary key (branch, no));
insert into fitting values ('hb-1', 1, 'Aboobacker', 'left'), ('hb-2', 1, 'Basanti bravo', 'bravo both');
alter table fitting enable row level security, force row level security;
reset role;
create view my_fitting with (security_barrier) as select branch, no, client, device from fitting
  where branch = (select nullif(current_setting('suvw.branch', true), '')) with cascaded check option;
grant select, delete, update (client, device) on my_fitting to suvw_app;
