-- as A
select print_place(id) from print_job;
-- control as A
select 'number ' || count(*) || ' of ' || count(*) from print_job;
select * from prescription;
select * from print_error;
