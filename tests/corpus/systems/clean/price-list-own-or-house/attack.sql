-- as A
update price set amount = 1;
-- truth
select exists (select from price where lab <> 'L1' and amount = 1);
