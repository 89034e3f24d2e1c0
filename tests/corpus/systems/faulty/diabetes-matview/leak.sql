-- as A
select patient, worst from control_rate;
