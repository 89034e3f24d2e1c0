-- as A
select * from result;
