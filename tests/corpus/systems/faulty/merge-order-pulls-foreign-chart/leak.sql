-- control as A
select * from document;
insert into merge_order (practice_id, keep_no, drop_no, ordered_by) values (1, 1001, 1002, 'dr');
select title, body from document;
-- as A
insert into merge_order (practice_id, keep_no, drop_no, ordered_by) values (1, 1001, 2001, 'dr');
select title, body from document;
