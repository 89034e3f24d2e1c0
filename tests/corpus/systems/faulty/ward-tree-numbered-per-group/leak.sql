-- control as A
select title from unit;
-- as A
select patient, diagnosis from admission;
select remark from nursing_round;
