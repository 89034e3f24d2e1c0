-- as A
insert into break_glass (clinic_id, user_name, patient_no, reason) values (20, 'anna', 1, 'planted');
-- truth
select exists (select from break_glass where reason = 'planted');
