-- as A
delete from stock_item;
-- truth
select not exists (select from stock_item where hospital_id = 2);
