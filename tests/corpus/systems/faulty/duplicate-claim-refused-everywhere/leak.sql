-- control as A
insert into claim values (41, 2, 'BL-3', 'Anu');
-- as A
insert into claim values (41, 3, 'bl-2', 'Anu');
