-- control as A
select * from sample;
-- as A
select * from worklist();
