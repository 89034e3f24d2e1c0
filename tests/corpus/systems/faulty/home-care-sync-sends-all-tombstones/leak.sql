-- as A
select kind, payload from pull_changes('2020-01-01') where gone;
-- control as A
select kind, payload from pull_changes('2020-01-01') where not gone;
select * from client;
select push_visit('{"no": 1, "report": "seen"}');
-- control as A, without context
select kind, payload from pull_changes('2020-01-01');
