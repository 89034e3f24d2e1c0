-- control as A
select * from visit;
-- control as A, without context
select * from visit;
-- as A, without context
select set_config('app.clinic', 'undefined', true);
select * from visit;
