-- as A
select 'before ' || kilobytes from storage_left;
-- as B
insert into document values ('93000000-0000-4000-8000-000000000002', 50, 1, 'bravo', 777);
-- as A
select 'left ' || kilobytes from storage_left;
-- control as A
select 'left ' || 100000 - (select sum(size) from (select size from document union all select size from scan union all select size from upload) as f);
