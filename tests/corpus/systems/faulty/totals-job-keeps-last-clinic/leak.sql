-- as A
select refresh_daily_totals('2024-03-01');
select name, diagnosis from patient;
-- control as A
select bill_treatments(1);
select name, diagnosis from patient;
select label, amount from daily_total;
