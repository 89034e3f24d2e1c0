-- as A
select * from patient;
