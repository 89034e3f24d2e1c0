-- as A
select * from due_soon;
select * from my_settings;
select * from month_count;
select count_month('2026-03-01');
set local role hebamme_counting;
-- as A
select * from house_setting;
select house_of('hebamme_at_birken');
update woman set house = 'birken';
-- as A, without context
select * from due_soon;
select * from woman;
