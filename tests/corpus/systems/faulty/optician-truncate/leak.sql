-- as A
truncate lens_order;
-- truth
select not exists (select from lens_order);
