-- as A
select * from fitting;
insert into my_fitting values ('hb-2', 9, 'x', 'y');
update my_fitting set branch = 'hb-2';
update my_fitting set client = 'taken' where branch = 'hb-2';
-- truth
select exists (select from fitting where branch = 'hb-2' and (no <> 1 or client = 'taken'));
