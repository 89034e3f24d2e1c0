-- control as A
select name from resident;
-- as A
select item, owner from valuables;
