-- as A
select 'found ' || total from his.search_patients('zyl');
-- control as A
select 'found ' || total, hits from his.search_patients('abe');
select 'found ' || total, hits from his.search_patients('qqq');
select * from his.census;
