-- control as A
select * from episode;
-- as A
select merge_patients(101, 201);
select * from episode;
