-- as A
select patient, drug from dispensing;
