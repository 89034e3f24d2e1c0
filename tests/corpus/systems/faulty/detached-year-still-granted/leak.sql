-- control as A
select * from study;
select * from study_2024;
-- as A
select patient, report from study_2023;
