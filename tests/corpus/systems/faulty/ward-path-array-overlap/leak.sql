-- as A
select * from obs;
