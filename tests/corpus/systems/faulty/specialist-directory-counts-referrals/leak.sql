-- as A
select s.name, 'other clinics wait for an answer' as verdict from specialist s
 where s.open_referrals > (select count(*) from referral r where r.specialist_no = s.no and r.state = 'open');
-- control as A
select s.name, 'other clinics wait for an answer' as verdict from specialist s
 where s.no = 504 and s.open_referrals > (select count(*) from referral r where r.specialist_no = s.no and r.state = 'open');
select name from specialist_nearby;
select question from referral;
