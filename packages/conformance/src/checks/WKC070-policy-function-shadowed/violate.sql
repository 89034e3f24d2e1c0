create table wk_member (usr text, branch_id int);
insert into wk_member values ('a', 1), ('b', 2);
grant select on wk_member to :"app";
create function wk_mine() returns setof int language sql stable as $$select m.branch_id from wk_member m where m.branch_id = nullif(current_setting('app.branch', true), '')::int or m.usr = 'a' and current_setting('app.branch', true) = '1'$$;
drop policy p on visit;
create policy p on visit using (branch_id in (select wk_mine()));
