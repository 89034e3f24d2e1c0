-- as A
select * from export_dispensings('{11,21,31}');
-- control as A
select * from export_dispensings('{11}');
select * from export_stock('{11}');
-- control as A
select * from export_dispensings('{21}');
-- control as A
select * from export_stock('{11,21}');
