-- as A
select * from reports_of(array[700101, 700103]);
-- as A
select * from reports_of(array[700103, 700101, 700101]);
-- as A
select * from reports_of(array[null, 700101, 700104]);
-- as A
select * from reports_of(array[[700101, 700102], [700103, 700104]]);
