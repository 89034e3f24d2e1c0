-- as A
call duty.swap(5000, 5001);
-- truth
select nurse = 'Selvi' from duty.shift where id = 5001;
-- as A
select nurse from duty.shift where id = 5000;
