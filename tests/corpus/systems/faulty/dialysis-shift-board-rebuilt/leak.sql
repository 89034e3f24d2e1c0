-- control as A
select * from dialysis.shift_board;
select * from dialysis.patient;
select dialysis.seats_free('2026-04-01', 'early');
-- as A
select dialysis.rebuild_shift_board('2026-04-01');
select seats from dialysis.shift_board where day = '2026-04-01';
