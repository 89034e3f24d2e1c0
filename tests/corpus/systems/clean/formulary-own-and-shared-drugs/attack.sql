-- as A
select * from rx.search_drugs('ointment');
select * from rx.search_drugs('%', 'recipe');
select * from rx.search_drugs('%', 'title; select * from drug');
select * from rx.ward_chart;
insert into rx.prescription_line select hospital_id, id, 7, '4b000000-0000-4000-8000-000000000002', 'OINT1', 'x' from rx.prescription limit 1;
update rx.drug set hospital_id = '4b000000-0000-4000-8000-000000000002' where code = 'OINT1';
-- truth
select exists (select from rx.drug where hospital_id = '00000000-0000-0000-0000-000000000000' and price not in (1.2, 0.9));
