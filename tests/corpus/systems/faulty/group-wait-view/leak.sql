-- control as A
select count(*) from queue_entry;
-- as A
select waiting from v_wait_now;
