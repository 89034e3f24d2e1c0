-- as A
insert into export_job (patient_no) values (5003);
insert into export_job (patient_no) values (5004);
select run_exports();
select file from export_job;
