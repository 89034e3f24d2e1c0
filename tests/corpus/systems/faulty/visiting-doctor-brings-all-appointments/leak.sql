-- as A
select clinic, patient, reason from appointment;
