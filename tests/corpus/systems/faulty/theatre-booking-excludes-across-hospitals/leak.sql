-- as A
insert into booking (hospital_id, theatre, during, patient_id, ops, surgeon)
  select hospital_id, 'OP2', '[2026-06-01 09:00+02, 2026-06-01 09:15+02)', id, '5-511', 'S1' from patient;
-- control as A
insert into booking (hospital_id, theatre, during, patient_id, ops, surgeon)
  select hospital_id, 'OP2', '[2026-06-01 13:00+02, 2026-06-01 13:15+02)', id, '5-511', 'S1' from patient;
