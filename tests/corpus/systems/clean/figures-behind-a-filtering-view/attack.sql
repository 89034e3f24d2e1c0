-- as A
select * from my_figures where case when house <> 'aue' then who::int else 1 end > 0;
select * from my_carers;
-- as A
select * from inside.figures;
-- as A
select salary_note from carer_contract;
-- as A
select phone from carer;
-- as A
update resident set house = 'berg';
-- truth
select (select count(*) from resident where house <> 'aue') <> 4;
