-- as A
select purge_older_than(5);
-- truth
select count(*) = 1 from store.recording where lab = 'lab-b';
