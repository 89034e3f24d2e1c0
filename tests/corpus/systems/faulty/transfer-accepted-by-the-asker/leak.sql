-- control as A
insert into transfer_request (asked_by, no, asked_of, patient_no, reason) values ('AUR', 6, 'BOR', 2, 'guest in July');
select * from guest_chart;
select * from requests_to_answer();
-- as A
insert into transfer_request (asked_by, no, asked_of, patient_no, reason, state) values ('AUR', 7, 'BOR', 1, 'guest in July', 'accepted');
select name, summary from guest_chart where request_no = 7;
