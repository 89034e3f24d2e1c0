-- as A
insert into measurement (unit, patient_id, device_serial, quantity, value)
  select unit, id, 'OM-5502', 'weight', 80 from patient
  returning 'accepted ' || device_serial;
-- control as A
insert into measurement (unit, patient_id, device_serial, quantity, value)
  select unit, id, 'OM-5503', 'weight', 80 from patient
  returning 'accepted ' || device_serial;
-- control as A
insert into device_loan (unit, serial, patient_id, lent_on)
  select unit, 'OM-5502', id, '2026-02-02' from patient
  returning 'accepted ' || serial;
