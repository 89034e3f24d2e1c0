-- as A
select name, phone from patient order by no;
select note from surgery;
-- control as A
select * from patient where org in (20, 21, 40);
select * from invoice where org in (20, 21, 40);
select move_branch(21, 10);
-- control as A, without context
select * from patient;
