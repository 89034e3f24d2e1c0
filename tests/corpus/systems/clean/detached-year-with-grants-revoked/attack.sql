-- as A
select * from study_2023;
select * from study_2024;
