-- control as A
select * from booking;
-- as A
insert into booking values (21, 2, 'MCI-9', '2026-06-01 10:00+00', 'Anu');
