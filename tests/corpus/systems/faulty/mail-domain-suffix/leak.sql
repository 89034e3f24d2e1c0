-- control as A
select * from reading;
-- as A
select patient from study;
