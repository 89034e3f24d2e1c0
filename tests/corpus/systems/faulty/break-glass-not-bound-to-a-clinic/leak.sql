-- control as A
select * from chart;
-- as A
insert into break_glass (clinic_id, user_name, reason) values (10, 'anna', 'patient fainted');
select * from chart;
