-- as A
select empty_trash('0 days');
select * from trash_log;
select * from due;
-- as A
update child set path = '/north/12/' where no = 1;
-- as A
delete from child;
select * from child;
