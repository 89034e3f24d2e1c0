-- control as A
select front.result_by_slip('1000');
-- as A
select front.result_by_slip('1001');
