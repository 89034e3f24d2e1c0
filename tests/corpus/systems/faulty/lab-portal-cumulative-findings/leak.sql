-- as A
select analyte, taken_at, value, comment from v_cumulative order by taken_at;
-- control as A
select * from v_open_request;
select * from v_finding;
select * from v_month;
select * from finding;
select * from patient;
-- control as A, without context
select * from v_cumulative;
