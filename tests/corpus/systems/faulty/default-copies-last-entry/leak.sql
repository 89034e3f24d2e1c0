-- control as A
select * from advice;
-- as A
insert into advice (desk, no) values ('d1', 2) returning remark;
