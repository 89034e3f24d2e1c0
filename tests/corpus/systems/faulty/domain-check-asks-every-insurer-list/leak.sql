-- control as A
insert into bill values (1, 90, 'POL-99', 1, null) returning policy;
-- as A
insert into bill values (1, 91, 'POL-77', 1, null) returning policy;
