-- as A
insert into person (id, clinic_id, name) overriding system value values (2, 1, 'x');
insert into person (clinic_id, name) values (2, 'x');
-- truth
select exists (select from person where clinic_id = 2 and name = 'x');
