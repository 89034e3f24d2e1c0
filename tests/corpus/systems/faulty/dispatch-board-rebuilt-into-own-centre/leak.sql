-- as A
select rebuild_board();
select line from board_line;
-- control as A
select * from mission;
select rebuild_vehicles();
select line from vehicle_line;
-- control as A
select nightly_boards();
