-- as A
select title, missing, waiting from v_reorder;
-- control as A
select * from v_shelf;
select * from v_waiting;
select * from stock;
