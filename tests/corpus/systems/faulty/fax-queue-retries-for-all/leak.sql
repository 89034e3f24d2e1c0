-- as A
select recipient, body from take_messages('fax');
-- control as A
select * from outbox;
select * from delivery;
select body from outbox where state = 'failed';
