-- control as A
select * from clinic_alpha.discharge_letter;
-- as A
select * from clinic_beta.discharge_letter;
