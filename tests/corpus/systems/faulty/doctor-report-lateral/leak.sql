-- control as A
select * from visit;
-- as A
select * from monthly_report();
