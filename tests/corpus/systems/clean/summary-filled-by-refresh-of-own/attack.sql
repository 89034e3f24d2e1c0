-- as A
select refresh_summary();
select 'bravo' from summary where value > 10;
