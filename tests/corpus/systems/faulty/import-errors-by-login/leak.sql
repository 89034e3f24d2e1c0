-- control as A
select * from screening;
-- as A
select raw from import_error;
