-- as A
select patient, problem from record;
