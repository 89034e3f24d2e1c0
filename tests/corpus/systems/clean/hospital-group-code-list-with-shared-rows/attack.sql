-- as A
select block('closing'), block('greeting');
select adopt_code('US', 'Ultrasound here');
select adopt_code('LOC3', 'Massage');
select * from service_code;
update service_code set title = 'taken' where house is null or house <> 2 returning *;
delete from text_block where house is null returning *;
-- as A
insert into service_code values (9, null, 'ALL', 'taken', 'PC', 'taken');
-- as A
update text_block set house = null;
-- as A
insert into service_done values (2, 1, 9, 'LOC3', 1, 'x');
-- as A
insert into service_done values (2, 1, 9, 'NONE', 1, 'x');
-- as A, without context
select * from patient;
-- truth
select exists (select from service_code where title = 'taken') or (select count(*) from text_block where house is null) <> 2;
