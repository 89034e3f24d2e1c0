-- as A
select * from call_request;
select * from notice;
select * from branch_load;
select take_call(2, 11);
select take_call(1, 21);
select take_call(1, 11);
-- as A
update call_request set branch_id = 21, org_id = 2 where call_no = 2;
-- as A
insert into notice values (2, null, 9, 'x');
-- as A
insert into child values (2, 11, 9, 'x', null);
-- as A
update lesson set branch_id = 21;
-- as A, without context
select * from call_request;
-- truth
select exists (select from call_request where (org_id, call_no) = (3, 2) and branch_id is not null) or exists (select from notice where notice_no = 9) or exists (select from child where child_no = 9) or exists (select from lesson where org_id = 1 and branch_id = 21);
