-- control as A
insert into visit (clinic_id, patient_id, reason) values (1, 999, 'probe') returning patient_id;
-- as A
insert into visit (clinic_id, patient_id, reason) values (1, 4, 'probe') returning patient_id;
