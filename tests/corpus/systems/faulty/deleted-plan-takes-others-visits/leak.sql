-- as A
delete from care.care_plan where no = 1;
-- truth
select not exists (select from care.planned_visit where org = 'elm' and plan_no = 1);
