-- control as A
select * from visits_page('2026-03-06', 1);
-- as A
select * from visits_page('2026-03-02', 999999);
