-- control as A
select * from day_sheet('2026-06-01');
-- as B
select count(*) from day_sheet('2026-06-01');
-- as A, same connection
select * from day_sheet('2026-06-01');
