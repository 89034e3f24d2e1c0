-- as A
select kind, body from care.feed where gone order by at, id;
-- control as A
select kind, body from care.feed where not gone;
select * from care.day_plan;
select * from care.visit;
