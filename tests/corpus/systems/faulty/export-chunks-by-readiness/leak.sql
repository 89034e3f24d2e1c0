-- control as A
select * from export_job;
-- as A
select * from export_chunk;
