-- as A
insert into dispensed (shop, code, pieces, patient) values (11, 'PARA', 100, 'Ezhil');
-- truth
select pieces < 790 from stock where shop = 12 and code = 'PARA';
