-- control as A
select * from scan where patient_no = 8;
-- as A
select patient, report from scan where patient_no = 7;
