-- as A
select * from prescription;
