-- control as A
select * from find_patient('ki', 0);
-- as A
select * from find_patient('ki');
