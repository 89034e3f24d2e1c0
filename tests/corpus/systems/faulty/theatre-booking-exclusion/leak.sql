-- control as A
insert into booking values (1, 50, 'OT-2', '[2026-04-01 08:00Z,2026-04-01 10:00Z)', 'probe');
-- as A
insert into booking values (1, 51, 'OT-2', '[2026-03-01 09:00Z,2026-03-01 09:30Z)', 'probe');
