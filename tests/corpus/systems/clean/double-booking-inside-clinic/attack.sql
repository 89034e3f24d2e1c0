-- as A
insert into booking values (22, 2, 'MCI-9', '2026-06-01 10:00+00', 'Anu');
insert into booking values (21, 2, 'MCI-9', '2026-06-01 10:00+00', 'Anu');
