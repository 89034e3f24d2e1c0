-- as A
select entity, deleted, state::text from pull_changes('2020-01-01');
-- control as A
select * from tombstone;
select entity, state::text from pull_changes('2020-01-01') where not deleted;
