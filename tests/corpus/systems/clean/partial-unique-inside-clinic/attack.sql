-- as A
insert into insured values ('c6000000-0000-4000-8000-000000000001', 2, 'own', 'sh-2', true);
-- truth
select not exists (select from insured where patient = 'own');
