-- as A
select next_number('invoice');
select * from my_counters;
select * from number_counter;
insert into invoice (practice_id, no, patient_no, recipient) values (72, '', 1, 'taken') returning *;
insert into invoice (practice_id, no, patient_no, recipient) values (71, '', 1, 'own') returning *;
select next_number(no) from invoice;
-- as A, without context
select next_number('invoice');
select * from my_counters;
