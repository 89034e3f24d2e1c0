-- as A
select patient, remark from archive.west_2024;
-- control as A
select * from ost.job;
select * from archive.ost_2023;
select * from archive.ost_2024;
-- control as A
select patient from archive.west_2023;
