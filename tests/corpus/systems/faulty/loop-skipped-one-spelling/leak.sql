-- control as A
select * from patient;
select * from bed;
-- as A
select account from incident;
