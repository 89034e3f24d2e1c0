-- control as A
select 'free at ' || next_free_hour('dr-das');
-- as A
select 'free at ' || next_free_hour('dr-rao');
