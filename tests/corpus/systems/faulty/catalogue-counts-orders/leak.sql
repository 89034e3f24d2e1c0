-- control as A
select test, count(*) from lab_order group by test;
-- as A
select code, ordered from test;
