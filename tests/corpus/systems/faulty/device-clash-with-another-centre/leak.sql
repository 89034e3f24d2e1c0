-- as A
insert into booking values (100, 50, 1, 1, '[2031-05-01 10:00Z,2031-05-01 10:30Z)', 'trial');
-- control as A
insert into booking values (100, 50, 1, 1, '[2031-05-01 14:00Z,2031-05-01 14:30Z)', 'trial');
-- control as A
insert into booking values (100, 51, 2, 1, '[2031-05-01 10:00Z,2031-05-01 10:30Z)', 'trial');
