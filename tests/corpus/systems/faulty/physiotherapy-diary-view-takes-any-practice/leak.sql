-- as A
insert into diary (practice_id, appointment_no, patient_no, therapist_no, starts, note) values (2, 501, 1, 1, '2026-05-06 11:00', 'put in by another');
-- control as A
select * from diary;
select * from patient;
select * from diary_today;
-- truth
select exists (select from appointment where practice_id = 2 and note = 'put in by another');
