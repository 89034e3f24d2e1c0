-- as A
select book('900000101', '2026-07-06 10:20+00', 'VID', 1, 'is the doctor busy elsewhere?');
-- control as A
select book('900000101', '2026-07-07 10:20+00', 'VID', 1, 'a free minute');
select * from appointment;
-- control as A
insert into patient values ('0b51d7e0-1111-4111-8111-00000000000a', 9, 'New', '1@Derma-direct-bravo.example');
select count(*) from day_sheet;
