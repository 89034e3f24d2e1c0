-- control as A
select p.name, p.last_result from patient p;
-- as A
select last_result(row(12, 1, 'anybody')::patient);
