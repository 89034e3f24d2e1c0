-- as A
select due_on, remark from recall order by due_on;
-- control as A
select * from call_list;
select name, phone from patient;
select remark from recall where chain = 'K1';
update recall set called_at = now() where chain = 'K2' returning remark;
-- control as A, without context
select remark from recall;
