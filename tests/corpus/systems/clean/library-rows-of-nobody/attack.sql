-- as A
select * from questionnaire;
select * from question;
-- as A, without context
select * from client;
select * from score;
-- as A
insert into questionnaire (branch_id, title, language) values (null, 'planted', 'de');
-- as A
update questionnaire set branch_id = null, title = 'planted';
-- as A
update questionnaire set title = 'mine';
-- as A
insert into room_booking (branch_id, room, during, title) values ('f0100000-0000-4000-8000-000000000002', 'R1', '[2026-03-03 09:00+01, 2026-03-03 10:00+01)', 'planted');
-- truth
select exists (select from questionnaire where title = 'planted' or title = 'mine' and branch_id is distinct from 'f0100000-0000-4000-8000-000000000001') or exists (select from room_booking where title = 'planted');
