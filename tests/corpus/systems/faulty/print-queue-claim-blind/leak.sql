-- control as A
select * from print_job;
-- as A
update print_job set branch = 'north', printer = 'N1';
select * from print_job;
