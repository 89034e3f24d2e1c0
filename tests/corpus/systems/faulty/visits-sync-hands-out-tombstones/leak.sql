-- as A
select body from pull_changes('-infinity', '{visit}') where op = 'del';
-- control as A
select body from pull_changes() where op = 'put';
select last_state from tombstone;
