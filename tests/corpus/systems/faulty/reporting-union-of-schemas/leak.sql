-- control as A
select * from studio_anna.treatment;
select * from studio_besant.treatment;
-- as A
select patient, exercise from reporting.treatment_all;
