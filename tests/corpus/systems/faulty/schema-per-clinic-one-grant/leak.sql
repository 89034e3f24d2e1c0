-- control as A
select * from hub.booking;
-- as A
select * from clinic_south.xray;
