-- control as A
select * from bay_diary;
-- as A
insert into bay_link values ('SCH-101', 'SCH-202', 'annexe', 'ours too');
select child, entry from bay_diary;
