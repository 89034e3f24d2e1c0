-- control as A
insert into preauth values ('d-a', 2, 'P200', 1, null);
-- as A
insert into preauth values ('d-a', 3, 'P201', 1, null);
