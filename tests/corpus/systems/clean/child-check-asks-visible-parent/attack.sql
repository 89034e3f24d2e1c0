-- as A
insert into visit (clinic_id, patient_id, reason) values (1, 'b1000000-0000-4000-8000-000000000001', 'planted');
-- truth
select exists (select from visit where reason = 'planted');
