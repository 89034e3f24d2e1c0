-- as A
select * from reminder_batch(10);
set local role jlba_job;
select * from message;
