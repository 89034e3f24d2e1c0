-- as A
select book(1, 'R1', 'aa', '2026-06-01 11:00+00');
-- control as A
select book(1, 'R1', 'aa', '2026-06-01 15:00+00');
select book(1, 'R2', 'aa', '2026-06-01 16:00+00');
-- control as A
select * from day_sheet;
