-- control as A
select * from sample;
-- as A
update sample set lab = 'a1000000-0000-4000-8000-000000000000';
select patient, test from sample;
