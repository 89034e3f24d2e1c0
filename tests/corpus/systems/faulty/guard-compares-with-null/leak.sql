-- control as A
select * from chart(802, 1);
-- as A, without context
select finding from chart(802, 1);
