-- as A
select 'known ' || '1949494951'::registered_no;
-- control as A
select 'known ' || '1949494999'::registered_no;
-- control as A
select 'known ' || nhs_no from person;
