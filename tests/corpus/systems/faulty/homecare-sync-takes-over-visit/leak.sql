-- as A
select note from sync_push('{"device": "phone 1", "visits": [{"id": "b4000000-0000-4000-8000-000000000001", "client_id": "a2000000-0000-4000-8000-000000000001", "status": "missed"}]}');
-- control as A
select note from sync_push('{"visits": [{"id": "a4000000-0000-4000-8000-000000000001", "client_id": "a2000000-0000-4000-8000-000000000001", "status": "done"}]}');
select note from sync_pull();
