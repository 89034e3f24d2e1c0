-- as A
select * from last_alarms(1000);
update reading set alarm = 'taken' returning patient_no;
delete from lab_value where taken_on < '2026-01-01';
-- as A
select * from part.reading_buchfink;
-- as A
update reading set centre = 'dialsect_buchfink';
-- as A
insert into lab_value values ('dialsect_corvus', 1, '2026-05-05', 'K', 4, 'taken');
-- as A
select drop_year(2025);
-- as A, without context
select * from reading;
-- truth
select (select count(*) from lab_value where centre <> 'dialsect_amsel') <> 18 or exists (select from reading where centre <> 'dialsect_amsel' and alarm = 'taken');
