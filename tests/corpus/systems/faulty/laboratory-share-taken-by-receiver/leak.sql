-- control as A
select * from result;
select * from result_share;
select * from patient;
-- as A
insert into result_share (lab_id, sample_no, loinc, granted_to, reason) values (4102, 1, '75622-1', 4101, 'second');
select * from result;
