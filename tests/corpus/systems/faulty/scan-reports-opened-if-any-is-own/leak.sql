-- control as A
select * from reports_of(array[700103]);
-- as A
select * from reports_of(array[700101, 700103]);
