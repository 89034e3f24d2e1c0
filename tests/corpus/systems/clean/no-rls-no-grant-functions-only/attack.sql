-- as A
select * from api.run('R1');
select api.drop_run('R1');
select * from store.run;
-- as A, without context
select * from api.runs();
-- truth
select not exists (select from store.run where patient = 'Bela bravo');
