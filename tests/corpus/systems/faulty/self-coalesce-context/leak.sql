-- as A, without context
select client, body from session_record;
