-- as A
select fell_at, account from fall_report order by place;
-- control as A
select * from resident;
select * from unit;
select * from care_note;
-- control as A, without context
select * from fall_report;
