-- truth
select exists (select from referral r join patient p on p.id = r.patient_id where p.clinic_id <> r.clinic_id);
