-- as A
select name from patient_before_0042;
