-- control as A
select * from booking;
select cancel_booking('3d000000-0000-4000-8000-000000000002', 1, 'guess');
-- as A
select cancel_booking('3d000000-0000-4000-8000-000000000002', 1, null);
-- truth
select not exists (select from booking where patient like '%bravo%');
