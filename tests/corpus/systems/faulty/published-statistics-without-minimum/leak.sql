-- control as A
select disease, district, born from registry.enrolment;
-- as A
select disease, district, youngest_cohort_from from published.by_district where patients = 1;
