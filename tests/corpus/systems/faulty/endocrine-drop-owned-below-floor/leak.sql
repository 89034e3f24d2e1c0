-- control as A
select patient from thyroid;
-- as A
drop owned by endo_app;
select patient from thyroid;
