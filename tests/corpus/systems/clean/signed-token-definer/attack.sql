-- as A
select set_config('app.token', '42.' || repeat('0', 64), true);
select * from session_note;
-- as A
select set_config('app.token', '42', true);
select * from session_note;
-- as A
select * from auth.key;
