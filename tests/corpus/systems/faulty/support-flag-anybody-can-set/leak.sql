-- as A
select set_config('app.support', 'on', true);
select patient from referral;
