-- as A
select 'bravo' where next_token('2026-05-01') > 10;
