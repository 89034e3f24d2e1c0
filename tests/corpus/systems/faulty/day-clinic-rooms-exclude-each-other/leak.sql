-- as A
insert into operation (clinic_id, room_no, surgeon_no, patient_no, kind, during) values ('dc000000-0000-4000-8000-000000000001', 1, 1, 1, 'cat', '[2026-07-02 08:30+00,2026-07-02 08:45+00)');
-- control as A
insert into operation (clinic_id, room_no, surgeon_no, patient_no, kind, during) values ('dc000000-0000-4000-8000-000000000001', 1, 1, 1, 'cat', '[2026-07-02 10:30+00,2026-07-02 10:45+00)');
select * from operation;
