-- as A
select * from wound;
update wound set place = 'moved', tid = 'ab000000-0000-4000-8000-000000000002' returning *;
-- as A
update material_use set pieces = 0;
delete from care_plan_step;
-- as A
insert into wound_photo values ('ab000000-0000-4000-8000-000000000002', gen_random_uuid(), now(), 'x');
-- truth
select exists (select from material_use where tid <> 'ab000000-0000-4000-8000-000000000001' and pieces = 0) or (select count(*) from care_plan_step) < 2 or exists (select from wound where tid <> 'ab000000-0000-4000-8000-000000000001' and place not like '%bravo%');
