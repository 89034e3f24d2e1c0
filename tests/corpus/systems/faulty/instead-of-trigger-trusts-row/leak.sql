-- as A
insert into web.vitals values (2, 1, 'overwritten', 0);
-- truth
select exists (select from base.vitals where clinic_id = 2 and patient = 'overwritten');
