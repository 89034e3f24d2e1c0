-- control as A
insert into booking.booking (site, room_no, starts, patient_no, referral_no) values ('north', 2, '2026-06-02 09:00', 1, 7000999) returning 'accepted';
select * from booking.referral where referral_no = 7000201;
-- as A
insert into booking.booking (site, room_no, starts, patient_no, referral_no) values ('north', 2, '2026-06-02 09:00', 1, 7000201) returning 'accepted';
