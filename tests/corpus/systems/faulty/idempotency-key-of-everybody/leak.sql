-- control as A
insert into payment values ('c-1', 2, 'inv-201', 1, 'done', null);
-- as A
insert into payment values ('c-1', 3, 'inv-200', 1, 'done', null);
