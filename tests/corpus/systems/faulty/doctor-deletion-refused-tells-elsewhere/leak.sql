-- control as A
delete from doctor where reg_no = 'R2';
-- as A
delete from doctor where reg_no = 'R1';
