-- control as A
select * from board_line where hospital = current_user or kind = 'notice';
select * from admission;
-- as A
select hospital, leaving_today from board_line;
