-- as A
select branch_id, due_at, text_sent from reminder;
-- as A, without context
select text_sent from reminder;
-- control as A
select * from due_today;
select * from appointment;
select * from device_token;
select * from reminder where state <> 'due';
-- control as A
delete from appointment where branch_id <> 3 returning *;
