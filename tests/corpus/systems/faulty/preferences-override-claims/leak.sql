-- control as A
select * from consult;
-- as A
update preference set value = value || '{"clinic": "c2"}';
select * from consult;
