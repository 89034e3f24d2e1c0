-- as A
insert into stay values (1, 1, '[2026-02-01,)', 101, 'Moved in');
-- truth
select exists (select from stay where home_id = 2 and resident_no = 1 and not upper_inf(during));
-- control as A
select * from stay;
select * from stay_audit;
select * from occupancy;
update stay set remark = 'x' where home_id <> 1 returning *;
