-- control as A
select * from referral;
-- as A
select text from remark;
