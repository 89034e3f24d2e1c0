-- as A
select sample_no, was, reason from lab_birch.correction;
-- control as A
select * from lab_birch.result;
select * from lab_birch.report;
select * from lab_cedar.pickup;
select * from lab_alder.correction;
