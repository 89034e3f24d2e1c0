-- as A
select patient_no, at, mg_dl, remark from reading_2026_02 order by at;
-- control as A
select * from reading;
select * from last_reading;
select * from site;
select * from patient p join device d on d.trust_id = p.trust_id and d.patient_no = p.no;
