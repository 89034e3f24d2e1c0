-- control as A
select * from admission;
-- as A
update staff set acting_for = 'b1000000-0000-4000-8000-000000000000';
select * from admission;
