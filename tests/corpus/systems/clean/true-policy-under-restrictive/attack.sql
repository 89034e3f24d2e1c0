-- as A
select * from all_texts;
select * from team;
select copy_text('Privacy');
update unit set note = 'taken' where practice_id = 520 returning *;
update goal set text = 'taken' where practice_id <> 510 returning *;
-- as A
insert into unit (practice_id, client_no, day, person_id, note) values (520, 1, '2026-05-05', 5101, 'taken');
-- as A
update client set practice_id = 520, no = 99;
-- as A, without context
select * from client;
select * from all_texts;
