-- control as A
select kind, no, title, body from search_card;
select * from search('mornings');
-- as B
insert into customer (branch_id, no, name, born, remark) values (201, 101002, 'Enno Tammen bravo', '1971-03-04', 'diabetic, no reminder by post');
-- as A
select no, title, body from search('reminder');
select no, title, body from search_card where kind = 'customer' order by no;
-- control as A
select * from customer;
select * from job j join job_step s on s.branch_id = j.branch_id and s.job_no = j.no;
