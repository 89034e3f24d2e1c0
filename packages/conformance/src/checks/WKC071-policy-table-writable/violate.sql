create table wk_member (usr text, branch_id int, primary key (usr, branch_id));
insert into wk_member values ('1', 1), ('2', 2);
grant select, insert on wk_member to :"app";
drop policy p on visit;
create policy p on visit using (branch_id in (select m.branch_id from wk_member m where m.usr = current_setting('app.branch', true)));
