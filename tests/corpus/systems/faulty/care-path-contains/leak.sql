-- as A
select * from stay;
select * from observation;
-- as C
select * from stay;
