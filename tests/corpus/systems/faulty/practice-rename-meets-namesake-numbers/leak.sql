-- control as A
select * from gp.appointment;
select * from gp.change_log;
-- as A
update gp.patient set last_name = 'Overmeyer' where no = 2;
-- truth
select exists (select from gp.appointment where practice = 'bay' and patient_name like 'Overmeyer%');
