-- control as A
select * from waiting;
-- as A
select * from waiting_board;
