-- control as A
select * from unit;
-- as A
select * from v_stock_page;
