-- as A
select title || ': ' || doses from dashboard;
-- control as A
select title || ': ' || count(*) from dose join vaccine using (code) group by title;
select * from own_stock;
