-- control as A
select * from emr.patient;
-- as A
select * from emr.identity_card;
