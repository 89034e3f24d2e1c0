-- control as A
insert into transfer values (71, 2, 'Anu', 2);
-- as A
insert into transfer values (71, 3, 'Anu', 3);
