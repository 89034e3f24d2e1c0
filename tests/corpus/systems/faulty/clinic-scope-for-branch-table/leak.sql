-- as A
select patient, body from counselling;
