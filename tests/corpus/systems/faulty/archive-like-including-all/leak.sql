-- control as A
select * from visit;
-- as A
select * from v_visit;
