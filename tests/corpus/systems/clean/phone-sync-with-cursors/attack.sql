-- as A
select * from sync_pull();
-- as A
select sync_push('client', '[{"id": "c1000000-0000-4000-8000-0000000000b1", "service_id": 62, "name": "taken"}]');
select * from client;
-- as A
select sync_push('wound', '[{"id": "d1000000-0000-4000-8000-0000000000b1", "service_id": 62, "client_id": "c1000000-0000-4000-8000-0000000000a1", "kind": "dec", "remark": "taken"}]', 0);
select * from sync_conflict;
-- as A
select sync_push('wound', '[{"id": "d1000000-0000-4000-8000-0000000000ff", "client_id": "c1000000-0000-4000-8000-0000000000b1", "kind": "dec"}]');
-- as A
select sync_push('phone', '[{"id": "d1000000-0000-4000-8000-0000000000ff"}]');
-- as A
select restore_client('c1000000-0000-4000-8000-0000000000b2');
-- as A
select set_config('sync.token', 'phone-lost', true);
select * from client;
-- truth
select exists (select from client where service_id <> 61 and name = 'taken') or exists (select from wound where service_id <> 61 and remark = 'taken') or not (select deleted from client where name = 'Bix bravo');
