-- as A
insert into lab_order (patient_no, note) values (1, 'mine') returning no;
-- as A
insert into lab_order (branch, patient_no, note) values ('ivory_sled_t2', 1, 'yours') returning no;
-- as A
select * from engine.job;
