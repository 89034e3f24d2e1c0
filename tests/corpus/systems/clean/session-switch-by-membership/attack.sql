-- as A
select switch_branch(4);
select * from chart;
select * from login_session;
