-- as A
select no, person, phone from physio.day_sheet;
-- control as A
select name, phone from physio.waiting_list;
select name, text from physio.open_invoice;
select name, units_left from physio.units_left;
select name, complaint from physio.person;
select remark from physio.booking;
