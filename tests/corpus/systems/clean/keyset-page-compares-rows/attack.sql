-- as A
select * from visits_page('2026-03-02', 999999);
select * from visits_page('2026-03-04', 999999, 1000);
select * from visits_page('infinity', 999999);
