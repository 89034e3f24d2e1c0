-- control as A
select floor_no, count(*) from stay where floor_no = 2 group by floor_no;
-- as A
select floor_no, occupied from occupancy where floor_no = 2;
