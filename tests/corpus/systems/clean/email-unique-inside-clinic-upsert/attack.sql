-- as A
select * from take_patient(1, 40, 'planted', 'BEN@example.org');
select * from take_patient(2, 41, 'planted', 'amy@example.org');
-- truth
select exists (select from patient where clinic_id = 2 and name = 'planted');
