-- as A
select * from device_reading;
