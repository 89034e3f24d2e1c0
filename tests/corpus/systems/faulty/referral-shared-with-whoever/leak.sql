-- as A
select * from antenatal_file;
-- control as A
select * from scan;
