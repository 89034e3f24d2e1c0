-- as A
select body from chart_entry;
-- control as A
select * from patient;
select * from allergy;
select * from emergency_access;
-- control as A, without context
select body from chart_entry;
