-- control as A
select * from appointment;
-- as A
select * from invoice;
