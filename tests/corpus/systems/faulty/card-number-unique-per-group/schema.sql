create role k5cn_owner nologin;
create role k5cn_app login;
alter schema public owner to k5cn_owner;
set role k5cn_owner;
create table patient (
  group_id int not null,
  branch_id int not null,
  no int not null,
  card_no text not null,
  name text not null,
  primary key (branch_id, no),
  unique (group_id, card_no)
);
insert into patient values (1, 11, 1, 'C-1', 'Vera'), (1, 12, 1, 'C-2', 'Wim bravo');
alter table patient enable row level security;
create policy branch on patient using (branch_id = (select nullif(current_setting('grp.branch_id', true), '')::int));
grant select, insert, update on patient to k5cn_app;
reset role;
