-- control as A
insert into patient values (1, 11, 60, 'C-999', 'probe');
-- as A
insert into patient values (1, 11, 61, 'C-2', 'probe');
