-- control as A
select * from blood_stock;
-- as A
select patient, blood_group from crossmatch where urgency = 'stat';
