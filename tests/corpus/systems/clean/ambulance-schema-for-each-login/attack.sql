-- as A
select * from base.yearly('trip');
select * from base.yearly('ambsch_bussard.trip');
select base.enter_km(1, 99), base.bill(4, 'fund');
select * from ambsch_adebar.unbilled;
-- as A
select * from ambsch_bussard.trip;
-- as A
select * from ambsch_bussard.unbilled;
-- as A
set search_path = ambsch_bussard, public;
select * from trip;
-- as A
call base.create_station('ambsch_bussard');
-- truth
select exists (select from ambsch_bussard.trip where km = 99) or (select count(*) from ambsch_bussard.invoice) <> 2;
