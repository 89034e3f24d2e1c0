-- control as A
select * from consult;
-- as A
select set_config('request.jwt.claims', '{"sub": "user-301"}', true);
select * from consult;
