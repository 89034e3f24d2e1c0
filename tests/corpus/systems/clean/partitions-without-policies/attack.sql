-- as A
select * from open_alarms;
select * from alarms_of_year(2026);
select may_see('bhd', 'HQ');
-- as A
select * from alarm_2026;
-- as A
select * from call_log_0;
-- as A
select * from call_log_1;
-- as A
select drop_year(2025);
-- as A
insert into alarm (carrier, station, participant_no, at, reason, text) values ('awk', 'HQ', 1, '2030-01-01', 'TEST', 'own') returning *;
insert into alarm (carrier, station, participant_no, at, reason, text) values ('bhd', 'HQ', 1, '2030-01-01', 'TEST', 'taken');
-- as A, without context
select * from alarm;
