-- as B
select count(*) from day_sheet('2026-06-01');
-- as A, same connection
select * from day_sheet('2026-06-01');
-- as A, same connection
select * from pg_temp.sheet_rows;
-- as A, same connection
create temporary table sheet_rows (day date, at_time time, who text, why text);
-- as A, same connection
select * from day_sheet(null);
