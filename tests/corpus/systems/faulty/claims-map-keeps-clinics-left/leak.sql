-- as A
select * from lab_report;
