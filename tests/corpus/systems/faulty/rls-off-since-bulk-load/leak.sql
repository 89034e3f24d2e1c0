-- control as A
select * from billing.charge;
select * from clinical.note;
-- as A
select insurer, amount from billing.claim;
