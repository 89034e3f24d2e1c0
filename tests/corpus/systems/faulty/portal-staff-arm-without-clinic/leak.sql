-- control as A
select * from patient;
-- as A
select * from message;
