-- as A
select * from dose;
