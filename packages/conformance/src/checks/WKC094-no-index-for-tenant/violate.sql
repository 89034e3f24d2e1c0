create table wk_list (branch_id int not null, at date not null);
grant select on wk_list to :"app";
