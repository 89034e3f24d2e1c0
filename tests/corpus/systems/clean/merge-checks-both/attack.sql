-- as A
select merge_patients(101, 201);
select * from episode;
-- truth
select not exists (select from patient where id = 201);
