-- as A
update call_record set practice_id = 502, summary = 'pushed';
-- truth
select exists (select from call_record where practice_id = 502 and summary = 'pushed');
