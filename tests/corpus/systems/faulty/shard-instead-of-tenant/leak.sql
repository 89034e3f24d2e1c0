-- as A
select patient, value from observation;
