-- as A
select * from dial_parts.session_102;
select * from dial.session;
select * from dial.running;
select * from dial.last_readings(1);
update dial.reading set remark = 'taken' where centre = 102;
update dial.session set centre = 102 where patient_no = 1;
insert into dial.reading values (103, 1, now(), 1, 100, 'taken');
-- as A, without context
select * from dial.reading where centre <> 101;
-- truth
select exists (select from dial.reading where centre <> 101 and remark = 'taken');
