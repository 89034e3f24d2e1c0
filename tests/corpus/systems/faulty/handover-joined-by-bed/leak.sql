-- control as A
select * from stay;
-- as A
select * from handover_today;
