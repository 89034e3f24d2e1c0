-- as A
update issue set item = 'taken';
delete from issue;
-- truth
select count(*) < 2 or exists (select from issue where item = 'taken') from issue;
