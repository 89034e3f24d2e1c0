-- control as A
select * from sale;
-- as A
select name, remark from drug;
