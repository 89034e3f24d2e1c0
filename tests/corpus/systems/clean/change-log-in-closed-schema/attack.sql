-- as A
select * from log.change;
