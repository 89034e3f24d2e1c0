-- as A
select api.call(2);
select * from api.calls();
select api.note(2, 'overwritten');
-- as A, without context
select * from api.calls();
-- truth
select exists (select from public.call_record where call_id = 2 and summary = 'overwritten');
