-- as A
select * from antenatal_file;
update antenatal_file set mother = 'taken' where shared_with is not null;
delete from antenatal_file where shared_until is not null;
-- truth
select count(*) < 4 from antenatal_file;
