-- as A
select patient, report from study_2026_01;
