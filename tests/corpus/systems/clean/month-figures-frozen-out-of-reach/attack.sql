-- as A
select * from month_figures;
select market_rate();
-- as A
select * from figures.month_total;
-- as A
select refresh_figures();
