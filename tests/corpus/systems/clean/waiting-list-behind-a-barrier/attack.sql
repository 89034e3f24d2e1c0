-- as A
select * from my_waiting_list;
select place_of(n) from generate_series(1, 9) n;
select * from longest_wait();
select * from waiting_list;
select refresh_waiting_list();
select * from login_session;
-- as A, without context
select * from my_waiting_list;
