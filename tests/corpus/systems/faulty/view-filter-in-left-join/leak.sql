-- control as A
select * from app.chelation;
-- as A
select child, units from app.transfusion;
