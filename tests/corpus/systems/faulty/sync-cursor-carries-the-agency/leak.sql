-- as A
select entity, payload from pull_changes(encode(convert_to('3f0c1b52-0a51-4c7e-9a55-0e1d6a7f0002:0', 'UTF8'), 'base64'));
-- control as A
select entity, payload from pull_changes();
select entity, payload from pull_changes((select next_cursor from pull_changes() limit 1));
select * from visit;
select * from client;
