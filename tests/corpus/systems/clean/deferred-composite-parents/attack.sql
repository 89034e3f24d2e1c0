-- as A
insert into sample values (5, 9, 2, 'white');
-- as A
update sample set order_no = 2;
-- truth
select exists (select from sample where branch_id = 5 and order_no = 2);
