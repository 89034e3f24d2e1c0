-- control as A
select phone from patient;
-- as A
select phone, body from reminder_batch(10);
