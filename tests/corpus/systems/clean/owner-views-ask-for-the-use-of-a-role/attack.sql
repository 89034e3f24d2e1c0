-- as A
select * from patient;
update delivery set outcome = 'taken' where clinic = 'vapi';
delete from patient where clinic = 'vapi';
-- as A, without context
select * from patient;
select * from delivery;
-- truth
select (select count(*) from base.delivery where outcome like '%bravo%') <> 1;
