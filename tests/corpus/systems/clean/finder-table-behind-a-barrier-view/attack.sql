-- as A
select * from finder.hit where words like '%bravo%' or 1 / length(words) = 1;
select * from finder.look_up('customer', 500);
-- as A
select * from finder.entry;
