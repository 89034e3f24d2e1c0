-- as A
select * from app.work_order;
select * from app.scan;
select * from app.history;
select * from app.open_link('x');
select app.make_link(1, 1, 'me');
-- as A
insert into app.work_order (order_no, dentist_no, patient_code) values (1, 1, 'again');
-- as A
update app.dentist set name = 'x' where dentist_no = 1;
select * from app.dentist;
-- as A, without context
select * from app.scan;
insert into app.dentist (dentist_no, name) values (5, 'nobody');
-- truth
select exists (select from data.dentist where lab_id <> 301 and name = 'x') or exists (select from data.history where lab_id <> 301 and what not like '%bravo%');
