-- control as A
select * from search_calls('road');
-- as A
select * from search_calls(null);
