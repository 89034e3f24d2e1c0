-- as A
select entity, revision, body ->> 'body' as body from sync_pull(9999);
-- control as A
select entity, body from sync_pull(0) where entity in ('client', 'visit');
select body, photo_key from visit_note;
select name, address from client;
