-- as A
select * from search_calls(null);
select * from search_calls('bravo');
-- as A, without context
select * from search_calls(null);
