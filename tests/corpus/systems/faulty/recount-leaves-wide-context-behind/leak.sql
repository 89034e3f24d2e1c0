-- control as A
select * from bed;
-- as A
select recount_beds();
select * from bed;
