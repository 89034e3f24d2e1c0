-- control as A
select name from patient;
-- as A
select amount, mode from receipt;
