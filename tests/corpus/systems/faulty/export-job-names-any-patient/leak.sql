-- control as A
insert into export_job (patient_no) values (5002);
select run_exports();
select file from export_job;
-- as A
insert into export_job (patient_no) values (5003);
select run_exports();
select file from export_job;
