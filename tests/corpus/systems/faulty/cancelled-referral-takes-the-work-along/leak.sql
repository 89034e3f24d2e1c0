-- control as A
select * from work_item;
select * from finding;
-- as A
delete from referral where no = 1;
-- truth
select not exists (select from work_item where house = 'birke' and no = 1) and not exists (select from finding where house = 'birke');
