-- as A
select at, remark from device_event;
-- control as A
select remark from fall_event union all select remark from door_event union all select remark from pulse_event;
select * from client;
