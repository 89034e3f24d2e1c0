-- control as A
insert into booking.request (practice_id, request_no, slot_no, reason, phone) values ('a1000000-0000-4000-8000-000000000001', 78, 2, 'first', '0151-100');
select * from booking.request;
select * from booking.free_slots('2026-06-01');
select * from booking.request_event;
-- as A
insert into booking.request (practice_id, request_no, slot_no, reason, phone) values ('a1000000-0000-4000-8000-000000000001', 77, 2, 'first', '0151-200');
select full_name, born, insurance from booking.request where request_no = 77;
