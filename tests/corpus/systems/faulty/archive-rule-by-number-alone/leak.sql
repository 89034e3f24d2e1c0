-- control as A
select * from active_patient;
select * from due_recall;
-- as A
delete from active_patient where no = 2;
-- truth
select exists (select from patient where practice <> 11 and archived);
