-- control as A
select reason from patient_lock;
-- as A
select name from patient;
select findings from consult;
