-- control as A
select pull_changes() -> 'changes';
-- as A
select case when (pull_changes() ->> 'next')::timestamptz > (select max(v.changed_at) from home_visit v)
  then 'bravo: another practice was at work at ' || (pull_changes() ->> 'next') end;
