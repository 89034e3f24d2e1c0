-- as A
select patient_name, diagnosis from hms.admission;
