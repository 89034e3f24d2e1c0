-- control as A
select patient_no, value, comment from imports.lab_value;
select * from imports.import_line;
select imports.check_batch(2);
-- as A
select imports.book_batch(2);
select patient_no, value, comment from imports.lab_value;
