-- as A
update preference set value = value || '{"clinic": "c2"}';
select * from consult;
-- as A, without context
select * from consult;
