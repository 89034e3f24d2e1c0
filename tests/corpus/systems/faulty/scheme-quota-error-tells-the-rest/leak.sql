-- control as A
insert into preauth values ('GH-1', 2, 'CABG', 'probe', 41);
-- as A
insert into preauth values ('GH-1', 3, 'KNEE', 'probe', 100);
