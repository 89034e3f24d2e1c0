-- as A
delete from blood_unit;
-- truth
select not exists (select from blood_unit where facility = 2);
