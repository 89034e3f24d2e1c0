-- as A
select portal.patient_summary(2);
-- control as A
select portal.patient_summary(1);
select portal.patient_summary(4);
select * from portal.patient;
select * from portal.summary_cache;
