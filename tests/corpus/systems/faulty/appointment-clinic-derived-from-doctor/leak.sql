-- as A
insert into appointment (doctor_reg, starts_at, patient) values ('TNMC-200', '2026-05-01 11:00+00', 'planted');
-- truth
select exists (select from appointment where clinic_id = 2 and patient = 'planted');
