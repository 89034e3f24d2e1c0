-- control as A
select * from ward.referral;
select * from ward.open_referral;
select * from ward.encounter;
-- as A
insert into ward.referral (house, patient_no, recipient_no, question) values ('ost', 2, 1, 'please see her soon') returning summary;
