-- control as A
insert into person values (1, 50, 'probe', '+91-999');
-- as A
insert into person values (1, 51, 'probe', '+91-2');
