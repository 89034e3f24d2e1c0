-- as A
select * from slot where patient_no is null;
