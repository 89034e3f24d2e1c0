-- as A
select 'number ' || import_position(id) || ' in the queue' from import_job where state = 'waiting';
-- control as A
select 'number ' || count(*) || ' in the queue' from import_job where state = 'waiting';
select * from import_row;
select run_import(id) from import_job;
