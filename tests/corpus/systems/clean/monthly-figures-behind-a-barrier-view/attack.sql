-- as A
select * from monthly_figures;
select refresh_figures();
select branch, complaints from my_monthly_figures;
select * from budget_use;
select best_month(61), best_month(71);
create function pg_temp.tell(text) returns boolean language plpgsql cost 0.0001 as $$ begin raise notice 'saw %', $1; return true; end $$;
select count(*) from my_monthly_figures where pg_temp.tell(complaints);
select most_common_vals from pg_stats where tablename = 'monthly_figures';
