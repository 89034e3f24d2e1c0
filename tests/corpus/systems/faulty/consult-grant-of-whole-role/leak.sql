-- control as A
select * from graft;
-- as A
select patient, creatinine from renal_case;
