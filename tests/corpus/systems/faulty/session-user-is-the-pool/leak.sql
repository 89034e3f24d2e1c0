-- control as A
select * from consult;
-- as A
select * from prescription;
