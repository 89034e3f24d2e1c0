-- as A
select test from lab_order;
