-- as A
select guest, service from booking;
