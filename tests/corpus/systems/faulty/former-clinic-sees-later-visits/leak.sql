-- as A
select * from visit order by visited_at;
