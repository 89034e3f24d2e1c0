-- as A
update print_job set branch = 'north', printer = 'N1';
select * from print_job;
-- truth
select exists (select from print_job where branch = 'north' and label like '%bravo%');
