-- as A
select patient_name from sample;
select comment from result;
