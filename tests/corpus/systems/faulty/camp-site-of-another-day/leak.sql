-- control as A
select * from plan;
-- as A
select child, reaction from dose_given;
