-- control as A
select * from chart;
-- as A
update login_session set branch = 4 where token = 'tok-a';
select * from chart;
